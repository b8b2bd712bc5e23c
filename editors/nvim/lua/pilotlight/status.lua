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

local WIDTH = 40 -- characters of a step that are shown

---@type table<integer, pilotlight.Status> the latest status of each client
local latest = {}

---@type table<integer, string> what the running turn of each client is doing
local doing = {}

---@type lsp.Handler
---@param status pilotlight.Status
function M.receive(_, status, ctx)
  latest[ctx.client_id] = status
  vim.api.nvim_exec_autocmds("User", { pattern = "PilotlightStatus", modeline = false, data = status })
  vim.cmd.redrawstatus()
end

--- Takes a step of a turn's progress.
---@param client_id integer
---@param params lsp.ProgressParams
function M.progress(client_id, params)
  if not latest[client_id] then return end
  local value = params.value
  doing[client_id] = value.kind ~= "end" and value.message or nil
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
  local text = doing[client.id] or state
  if vim.fn.strcharlen(text) > WIDTH then text = vim.fn.strcharpart(text, 0, WIDTH - 1) .. "…" end
  return (ICONS[state] or "·") .. " " .. text
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

---@param kind pilotlight.Kind
---@param lines string[]
local function show(kind, lines)
  local title = ("Pilotlight's %s · q closes"):format(kind)
  require("pilotlight.window").show({ kind = kind, lines = lines, filetype = "markdown", title = title, focus = true })
end

---@param status pilotlight.Status
function M.show_status(status) show("status", describe(status)) end

---@param receipts { markdown: string }
function M.show_receipts(receipts) show("receipts", vim.split(receipts.markdown, "\n", { plain = true })) end

return M
