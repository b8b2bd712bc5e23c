-- The part of the plugin meant for configurations: everything else is reached through :Pilotlight and code actions.
local M = {}

--- The session's state for a status line, or what it is doing: "🔥 warm", "🔥… reading src/price.rs". Empty where no
--- pilotlight is attached.
---@param bufnr? integer
---@return string
function M.statusline(bufnr) return require("pilotlight.status").line(bufnr or 0) end

return M
