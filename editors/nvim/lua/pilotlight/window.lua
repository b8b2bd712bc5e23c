-- The windows in which Pilotlight's own texts are read: one for each kind of text in a tab page, used again for the next
-- text of its kind. Must never take the place of a window of the user's.
local M = {}

---@alias pilotlight.Kind "answer"|"preview"|"receipts"|"status"

---@class pilotlight.Page
---@field kind pilotlight.Kind
---@field lines string[]
---@field filetype string
---@field title string what stands above the text
---@field focus boolean whether the cursor goes there

local WIDE = 160 -- columns, from which on there is room beside the code
local opened = 0

---@param kind pilotlight.Kind
---@return integer? window of this tab page
local function find(kind)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.w[window].pilotlight == kind then return window end
  end
end

---@param page pilotlight.Page
---@return integer buffer that is gone once nobody sees it
local function create_buffer(page)
  local buffer = vim.api.nvim_create_buf(false, true)
  opened = opened + 1
  vim.api.nvim_buf_set_name(buffer, ("pilotlight://%s/%d"):format(page.kind, opened))
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, page.lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].bufhidden = "wipe"
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, nowait = true, desc = "Close" })
  return buffer
end

---@param page pilotlight.Page
---@return vim.api.keyset.win_config
local function layout(page)
  local is_beside_code = page.kind == "answer" or page.kind == "preview"
  if is_beside_code and vim.o.columns >= WIDE then return { split = "right", win = -1 } end
  local height = math.floor(vim.o.lines * 0.4)
  -- An answer may be only its first words so far.
  if page.kind ~= "answer" then height = math.min(#page.lines + 1, height) end
  -- A preview is read while the question about it takes the lower part of the screen.
  return { split = page.kind == "preview" and "above" or "below", win = -1, height = height }
end

--- Shows a page, in the window of its kind if there is one.
---@param page pilotlight.Page
---@return integer buffer
function M.show(page)
  local buffer, window = create_buffer(page), find(page.kind)
  if window then
    vim.api.nvim_win_set_buf(window, buffer)
    if page.focus then vim.api.nvim_set_current_win(window) end
  else
    window = vim.api.nvim_open_win(buffer, page.focus, layout(page))
    vim.w[window].pilotlight = page.kind
  end
  -- After the buffer is in its window: a filetype's plugin sets options of windows, too.
  vim.bo[buffer].filetype = page.filetype
  local is_prose = page.kind == "answer"
  local options = { winbar = page.title, wrap = is_prose, linebreak = is_prose, number = false, relativenumber = false }
  for option, value in pairs(options) do
    vim.api.nvim_set_option_value(option, value, { scope = "local", win = window })
  end
  return buffer
end

--- Replaces a page's text from the first line that is another, so that whoever reads above it stays where they are.
---@param buffer integer
---@param lines string[]
function M.update(buffer, lines)
  local shown, same = vim.api.nvim_buf_get_lines(buffer, 0, -1, false), 0
  while same < #lines and lines[same + 1] == shown[same + 1] do
    same = same + 1
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, same, -1, false, vim.list_slice(lines, same + 1))
  vim.bo[buffer].modifiable = false
end

--- Puts the cursor into the window of a kind.
---@param kind pilotlight.Kind
function M.focus(kind)
  local window = find(kind)
  if window then vim.api.nvim_set_current_win(window) end
end

---@param kind pilotlight.Kind
---@return boolean
function M.is_open(kind) return find(kind) ~= nil end

---@param kind pilotlight.Kind
function M.close(kind)
  local window = find(kind)
  -- The last window cannot be closed; then it stays.
  if window then pcall(vim.api.nvim_win_close, window, true) end
end

return M
