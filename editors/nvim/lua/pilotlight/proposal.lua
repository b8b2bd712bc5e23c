-- Proposals that wait: what was not applied at once, because the user said "later" or something was in the way.
-- The server offers them as code actions at every place; this takes them without a menu where there is one way only.
local client = require("pilotlight.client")

local M = {}

--- Applies or discards what waits; asks which if there is a choice.
---@param server vim.lsp.Client
---@param command "pilotlight.apply"|"pilotlight.discard"
function M.decide(server, command)
  local bufnr = next(server.attached_buffers)
  if not bufnr then return client.warn("no change waits") end
  local here = { line = 0, character = 0 }
  server:request("textDocument/codeAction", {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    range = { start = here, ["end"] = here },
    context = { diagnostics = {}, only = { "quickfix" } },
  }, function(err, actions)
    if err then return client.warn(err.message) end
    local offered = vim.tbl_filter(function(action) return action.command.command == command end, actions or {})
    if #offered == 0 then return client.warn("no change waits") end

    local function take(action)
      if not action then return end
      require("pilotlight.window").close("preview")
      client.execute(server, command, action.command.arguments[1])
    end
    if #offered == 1 then return take(offered[1]) end
    vim.ui.select(offered, {
      kind = "pilotlight",
      prompt = "Which change?",
      format_item = function(action) return action.title end,
    }, take)
  end, bufnr)
end

return M
