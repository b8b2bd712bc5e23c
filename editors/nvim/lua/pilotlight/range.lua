-- From Neovim's lines and byte columns to LSP ranges in the client's position encoding.
local M = {}

---@param bufnr integer
---@param row integer 0-based
local function text(bufnr, row) return vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or "" end

---@param bufnr integer
---@param row integer 0-based
---@param column integer byte column, 0-based; past the end of the line means its end
---@param encoding "utf-8"|"utf-16"|"utf-32"
---@return lsp.Position
function M.position(bufnr, row, column, encoding)
  local line = text(bufnr, row)
  return { line = row, character = vim.str_utfindex(line, encoding, math.min(column, #line), false) }
end

--- Whole lines, without the last one's line end.
---@param first integer 1-based
---@param last integer 1-based, inclusive
---@return lsp.Range
function M.lines(bufnr, first, last, encoding)
  return {
    start = { line = first - 1, character = 0 },
    ["end"] = M.position(bufnr, last - 1, math.huge, encoding),
  }
end

--- A visual selection; block selections count as lines.
---@param from integer[] as getpos() gives them
---@param to integer[] not before `from`
---@param mode string as visualmode() or mode() names it
---@return lsp.Range
local function selection(bufnr, from, to, mode, encoding)
  if mode ~= "v" then return M.lines(bufnr, from[2], to[2], encoding) end
  local last = to[3]
  if vim.o.selection == "exclusive" then
    last = last - 1
  else
    -- The mark is on the first byte of the last character: the range ends after all of them.
    last = last - 1 + #vim.fn.strpart(text(bufnr, to[2] - 1), last - 1, 1, true)
  end
  return {
    start = M.position(bufnr, from[2] - 1, from[3] - 1, encoding),
    ["end"] = M.position(bufnr, to[2] - 1, last, encoding),
  }
end

--- What is selected at this moment, where a mapping runs a command by <Cmd> and so leaves Visual mode on.
---@return lsp.Range?
local function running_selection(bufnr, encoding)
  local mode = vim.fn.mode()
  if not mode:match("^[vV\22]$") then return end
  local from, to = vim.fn.getpos("v"), vim.fn.getpos(".")
  if to[2] < from[2] or (to[2] == from[2] and to[3] < from[3]) then
    from, to = to, from
  end
  return selection(bufnr, from, to, mode, encoding)
end

--- The range that a user command was given: the visual selection, running or behind '<,'>, or its lines, or the cursor.
---@param opts { range: integer, line1: integer, line2: integer } as nvim_create_user_command() hands them over
---@return lsp.Range
function M.of_command(bufnr, opts, encoding)
  if opts.range == 0 then
    local selected = running_selection(bufnr, encoding)
    if selected then return selected end
    local cursor = vim.api.nvim_win_get_cursor(0)
    local here = M.position(bufnr, cursor[1] - 1, cursor[2], encoding)
    return { start = here, ["end"] = vim.deepcopy(here) }
  end
  if opts.range == 2 and opts.line1 == vim.fn.line("'<") and opts.line2 == vim.fn.line("'>") then
    return selection(bufnr, vim.fn.getpos("'<"), vim.fn.getpos("'>"), vim.fn.visualmode(), encoding)
  end
  return M.lines(bufnr, opts.line1, opts.line2, encoding)
end

return M
