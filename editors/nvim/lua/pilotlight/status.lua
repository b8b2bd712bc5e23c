-- What the server says about itself: kept from the notification `pilotlight/status` for the status line, fetched for the
-- windows of :Pilotlight status and :Pilotlight receipts.
local M = {}

---@class pilotlight.Session
---@field root string
---@field state string
---@field transport? string
---@field endpoint? string
---@field model? string
---@field turns? integer
---@field connections? integer

---@class pilotlight.Status
---@field version string
---@field provider? string
---@field sessions pilotlight.Session[]

local ICONS = {
  cold = "·",
  connecting = "◌",
  warming = "◌",
  warm = "🔥",
  busy = "🔥…",
  rotating = "🔥",
  offline = "✗",
  consent = "?",
}

---@type table<integer, pilotlight.Status> the latest status of each client
local latest = {}

---@param status pilotlight.Status
---@param client_id integer
function M.receive(status, client_id)
  latest[client_id] = status
  vim.api.nvim_exec_autocmds("User", { pattern = "PilotlightStatus", modeline = false, data = status })
  vim.cmd.redrawstatus()
end

--- The session whose root is nearest above a path; of none is, the first.
---@param sessions pilotlight.Session[]
---@param path string
---@return pilotlight.Session?
local function session_of(sessions, path)
  local best
  for _, session in ipairs(sessions) do
    if vim.fs.relpath(session.root, path) and (not best or #session.root > #best.root) then best = session end
  end
  return best or sessions[1]
end

---@param bufnr integer
---@return string
function M.line(bufnr)
  local client = require("pilotlight.client").of_buffer(bufnr)
  local status = client and latest[client.id]
  if not status then return "" end
  local session = session_of(status.sessions or {}, vim.api.nvim_buf_get_name(bufnr))
  local state = session and session.state or "cold"
  return (ICONS[state] or "·") .. " " .. state
end

---@param status pilotlight.Status
---@return string[]
local function describe(status)
  local lines = { "# Pilotlight " .. status.version, "" }
  for _, session in ipairs(status.sessions or {}) do
    vim.list_extend(lines, { "## " .. session.root, "", "- state: " .. session.state })
    for _, field in ipairs({ "model", "endpoint", "transport", "connections", "turns" }) do
      local value = session[field]
      if value ~= nil and value ~= vim.NIL then lines[#lines + 1] = ("- %s: %s"):format(field, value) end
    end
    local last = session.last
    if type(last) == "table" then
      lines[#lines + 1] = ("- last turn: %s, %s, %s ms"):format(last.action, last.outcome, last.ms_total)
    end
    lines[#lines + 1] = ""
  end
  if #(status.sessions or {}) == 0 then lines[#lines + 1] = "No session yet: one is opened for each workspace folder." end
  return lines
end

--- Shows Markdown in a window of its own; `q` closes it.
---@param name string
---@param lines string[]
local function show(name, lines)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = "markdown"
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, desc = "Close" })
  local window = vim.api.nvim_open_win(buffer, true, { split = "below", height = math.min(#lines + 1, 20) })
  vim.wo[window].winbar = "Pilotlight " .. name
end

---@param status pilotlight.Status
function M.show_status(status) show("status", describe(status)) end

---@param receipts { markdown: string }
function M.show_receipts(receipts) show("receipts", vim.split(receipts.markdown, "\n", { plain = true })) end

return M
