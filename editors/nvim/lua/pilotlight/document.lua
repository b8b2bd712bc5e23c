-- The handler of `window/showDocument`: what the server wants read are files of its own, answers in Markdown and previews
-- as diffs. They are shown in windows of the plugin, and the cursor stays where the user works.
local window = require("pilotlight.window")

local M = {}

local PREVIEW_TITLE = "What would change · :Pilotlight apply · :Pilotlight discard · q closes"
local ANSWER_TITLE = "Answer · <CR> goes to the place under the cursor · q closes"

---@param path string
---@return string[]? lines, none while the file is being written anew or cannot be read
local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a") or ""
  if file then file:close() end
  if text ~= "" then return vim.split(text:gsub("\n$", ""), "\r?\n") end
end

--- Keeps an answer's page up to date with its file, which the server writes while the model speaks.
---@param buffer integer
---@param path string
local function follow(buffer, path)
  local watcher = assert(vim.uv.new_fs_event())
  local refresh = vim.schedule_wrap(function()
    local lines = vim.api.nvim_buf_is_valid(buffer) and read(path)
    if lines then window.update(buffer, lines) end
  end)
  vim.api.nvim_create_autocmd("BufWipeout", { buffer = buffer, once = true, callback = function() watcher:close() end })
  watcher:start(path, {}, refresh)
  -- What was written before it watched.
  refresh()
end

--- Goes to a place that the answer names, in the window that the user came from: the link under the cursor or, anywhere
--- else in the line, its first.
local function go_to_place()
  local line, column = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[2] + 1
  local uri, row
  for from, linked_uri, linked_row, to in line:gmatch("()%[[^%]]*%]%((file:[^)#]+)#L(%d+)%)()") do
    if not uri or (from <= column and column < to) then
      uri, row = linked_uri, tonumber(linked_row)
    end
  end
  if not uri then return require("pilotlight.client").warn("this line names no place") end
  local start = { line = row - 1, character = 0 }
  vim.cmd.wincmd("p")
  vim.lsp.util.show_document({ uri = uri, range = { start = start, ["end"] = start } }, "utf-8", { reuse_win = true, focus = true })
end

---@type lsp.Handler
---@param params lsp.ShowDocumentParams
function M.show(err, params, ctx)
  local path = vim.uri_to_fname(params.uri)
  local kind = path:match("%.md$") and "answer" or path:match("%.diff$") and "preview"
  local lines = kind and not params.external and read(path)
  if not lines then return vim.lsp.handlers["window/showDocument"](err, params, ctx) end
  if kind == "preview" then
    window.show({ kind = kind, lines = lines, filetype = "diff", title = PREVIEW_TITLE, focus = false })
    return { success = true }
  end
  local buffer = window.show({ kind = kind, lines = lines, filetype = "markdown", title = ANSWER_TITLE, focus = false })
  for _, key in ipairs({ "<CR>", "gf", "gF" }) do
    vim.keymap.set("n", key, go_to_place, { buffer = buffer, desc = "Go to the place named here" })
  end
  follow(buffer, path)
  return { success = true }
end

return M
