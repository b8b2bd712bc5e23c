-- Asks for the words that a command needs: an instruction for pilotlight.edit, a question for pilotlight.ask.
local client = require("pilotlight.client")

local M = {}

local ASKED = {
  ["pilotlight.edit"] = { field = "instruction", prompt = "Edit: " },
  ["pilotlight.ask"] = { field = "question", prompt = "Ask: " },
}

--- Runs `name` once its words are there: at once if the argument has them, else after asking. Empty words mean no.
---@param server vim.lsp.Client
---@param name string
---@param argument table
---@param bufnr integer
function M.run(server, name, argument, bufnr)
  local asked = ASKED[name]
  local words = argument[asked.field]
  if words and words ~= "" then return client.execute(server, name, argument, bufnr) end
  vim.ui.input({ prompt = asked.prompt }, function(input)
    if not input or vim.trim(input) == "" then return end
    client.execute(server, name, vim.tbl_extend("force", argument, { [asked.field] = input }), bufnr)
  end)
end

--- Client-side command for code actions: they come without the words.
---@param command lsp.Command
---@param ctx { client_id: integer, bufnr?: integer }
function M.complete(command, ctx)
  local server = vim.lsp.get_client_by_id(ctx.client_id)
  if server then M.run(server, command.command, (command.arguments or {})[1] or {}, ctx.bufnr or 0) end
end

return M
