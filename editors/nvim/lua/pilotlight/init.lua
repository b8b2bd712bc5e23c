-- The part of the plugin meant for configurations: everything else is reached through :Pilotlight and code actions.
local M = {}

--- The session's state for a status line, e.g. "🔥 warm"; empty where no pilotlight is attached.
---@param bufnr? integer
---@return string
function M.statusline(bufnr) return require("pilotlight.status").line(bufnr or 0) end

return M
