-- Finds the running server and sends it commands. Knows nothing of what the commands do.
local M = {}

---@param bufnr integer
---@return vim.lsp.Client?
function M.of_buffer(bufnr) return vim.lsp.get_clients({ name = "pilotlight", bufnr = bufnr })[1] end

--- The buffer's server, or else any: for commands that concern no file.
---@return vim.lsp.Client?
function M.any() return M.of_buffer(0) or vim.lsp.get_clients({ name = "pilotlight" })[1] end

---@param message string
function M.warn(message) vim.notify("pilotlight: " .. message, vim.log.levels.WARN) end

--- Sends a command past the client-side ones of lsp/pilotlight.lua. The server answers at once; what a turn
--- comes to arrives later as a workspace edit, so `on_result` matters only to commands that answer something.
---@param client vim.lsp.Client
---@param name string
---@param argument table
---@param bufnr? integer
---@param on_result? fun(result: any)
function M.execute(client, name, argument, bufnr, on_result)
  if vim.tbl_isempty(argument) then argument = vim.empty_dict() end
  local sent = client:request("workspace/executeCommand", { command = name, arguments = { argument } }, function(err, result)
    if err then return M.warn(err.message) end
    if on_result and result and result ~= vim.NIL then on_result(result) end
  end, bufnr)
  if not sent then M.warn("the server has stopped; :checkhealth vim.lsp says more") end
end

return M
