-- The handler of `window/showDocument`: what the server wants read are files of its own, answers in Markdown and previews
-- as diffs. They are shown in windows of the plugin, and the cursor stays where the user works.
local window = require("pilotlight.window")

local M = {}

local PREVIEW_TITLE = "What would change · :Pilotlight apply · :Pilotlight discard · q closes"
local ANSWER_TITLE = "Answer · <CR> goes to the place under the cursor · q closes"

---@alias pilotlight.Places table<string, { uri: string, row: integer }> by what stands in the text

--- Reads a document. Links to places are read as what they are called, since whole URIs would only be in the way.
---@param path string
---@return string[]? lines none while the file is being written anew, or if it cannot be read
---@return pilotlight.Places
local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a") or ""
  if file then file:close() end
  local places = {}
  text = text:gsub("%[(`[^`\n]+`)%]%((file:[^)#\n]+)#L(%d+)%)", function(name, uri, row)
    places[name] = { uri = uri, row = tonumber(row) }
    return name
  end)
  if text == "" then return nil, places end
  return vim.split(text:gsub("\n$", ""), "\r?\n"), places
end

--- Goes to a place of the current line, in the window that the user came from: the one under the cursor, or else the first.
---@param places pilotlight.Places
local function go_to_place(places)
  local line, column = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[2] + 1
  local chosen
  for from, name, to in line:gmatch("()(`[^`]+`)()") do
    if places[name] and (not chosen or (from <= column and column < to)) then chosen = places[name] end
  end
  if not chosen then return require("pilotlight.client").warn("this line names no place") end
  vim.cmd.wincmd("p")
  local buffer = vim.uri_to_bufnr(chosen.uri)
  vim.fn.bufload(buffer)
  -- The model may have named a line that is not there.
  local start = { line = math.min(chosen.row, vim.api.nvim_buf_line_count(buffer)) - 1, character = 0 }
  local location = { uri = chosen.uri, range = { start = start, ["end"] = start } }
  vim.lsp.util.show_document(location, "utf-8", { reuse_win = true, focus = true })
end

--- Shows an answer and keeps it up to date with its file, which the server writes while the model speaks.
---@param path string
---@param lines string[]
---@param places pilotlight.Places
local function show_answer(path, lines, places)
  local buffer = window.show({ kind = "answer", lines = lines, filetype = "markdown", title = ANSWER_TITLE, focus = false })
  for _, key in ipairs({ "<CR>", "gf", "gF" }) do
    vim.keymap.set("n", key, function() go_to_place(places) end, { buffer = buffer, desc = "Go to the place named here" })
  end
  local watcher = assert(vim.uv.new_fs_event())
  vim.api.nvim_create_autocmd("BufWipeout", { buffer = buffer, once = true, callback = function() watcher:close() end })
  local refresh = vim.schedule_wrap(function()
    local now, named = read(path)
    if not now or not vim.api.nvim_buf_is_valid(buffer) then return end
    places = named
    window.update(buffer, now)
  end)
  watcher:start(path, {}, refresh)
  -- What was written before it watched.
  refresh()
end

---@type lsp.Handler
---@param params lsp.ShowDocumentParams
function M.show(err, params, ctx)
  local path = vim.uri_to_fname(params.uri)
  local kind = path:match("%.md$") and "answer" or path:match("%.diff$") and "preview"
  local lines, places
  if kind and not params.external then
    lines, places = read(path)
  end
  if not lines then return vim.lsp.handlers["window/showDocument"](err, params, ctx) end
  if kind == "answer" then
    show_answer(path, lines, places)
  else
    window.show({ kind = kind, lines = lines, filetype = "diff", title = PREVIEW_TITLE, focus = false })
  end
  return { success = true }
end

return M
