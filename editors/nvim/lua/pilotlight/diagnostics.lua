-- Neovim puts only our own diagnostics into a code action's context. So that pilotlight can fix what other language
-- servers and linters report, this tells it by the notification `pilotlight/diagnostics`.
local range = require("pilotlight.range")

local M = {}

-- Servers report in bursts while one types: wait for a pause.
local PAUSE_MS = 200

---@type table<integer, uv.uv_timer_t> per buffer, while a report waits for its pause
local timers = {}
---@type table<integer, table<integer, lsp.Diagnostic[]>> per client and buffer, what it was told last
local told = {}

--- Diagnostics in the form of LSP, ranges in `encoding`. `vim.lsp.diagnostic.from` keeps the reporting server's own
--- ranges, whose encoding may be another, and has none for linters that give no end: so ours come from the buffer's columns.
---@param bufnr integer
---@param diagnostics vim.Diagnostic[]
---@param encoding "utf-8"|"utf-16"|"utf-32"
---@return lsp.Diagnostic[]
function M.to_lsp(bufnr, diagnostics, encoding)
  local converted = vim.lsp.diagnostic.from(diagnostics)
  for i, diagnostic in ipairs(diagnostics) do
    converted[i] = vim.tbl_extend("force", converted[i], {
      range = {
        start = range.position(bufnr, diagnostic.lnum, diagnostic.col, encoding),
        ["end"] = range.position(
          bufnr,
          diagnostic.end_lnum or diagnostic.lnum,
          diagnostic.end_col or diagnostic.col,
          encoding
        ),
      },
    })
  end
  return converted
end

--- What others than `client` report on a buffer.
---@param client vim.lsp.Client
---@param bufnr integer
---@return vim.Diagnostic[]
function M.of_others(client, bufnr)
  local own = {
    [vim.lsp.diagnostic.get_namespace(client.id, false)] = true,
    [vim.lsp.diagnostic.get_namespace(client.id, true)] = true,
  }
  return vim.tbl_filter(function(diagnostic) return not own[diagnostic.namespace] end, vim.diagnostic.get(bufnr))
end

---@param bufnr integer
local function tell(bufnr)
  if not vim.api.nvim_buf_is_loaded(bufnr) then return end
  for _, client in ipairs(vim.lsp.get_clients({ name = "pilotlight", bufnr = bufnr })) do
    local diagnostics = M.to_lsp(bufnr, M.of_others(client, bufnr), client.offset_encoding)
    told[client.id] = told[client.id] or {}
    if not vim.deep_equal(diagnostics, told[client.id][bufnr] or {}) then
      told[client.id][bufnr] = diagnostics
      client:notify("pilotlight/diagnostics", {
        uri = vim.uri_from_bufnr(bufnr),
        version = vim.lsp.util.buf_versions[bufnr],
        diagnostics = diagnostics,
      })
    end
  end
end

--- To be called when a buffer's diagnostics have changed.
---@param bufnr integer
function M.changed(bufnr)
  if not vim.lsp.get_clients({ name = "pilotlight", bufnr = bufnr })[1] then return end
  local timer = timers[bufnr] or assert(vim.uv.new_timer())
  timers[bufnr] = timer
  timer:start(PAUSE_MS, 0, function()
    timer:close()
    timers[bufnr] = nil
    vim.schedule(function() tell(bufnr) end)
  end)
end

--- To be called when a client has left a buffer.
---@param bufnr integer
---@param client_id integer
function M.forget(bufnr, client_id)
  if told[client_id] then told[client_id][bufnr] = nil end
end

return M
