-- Answers each case with the text that a real Neovim has after it applied the edits, or with its error.
--   nvim --headless -u NONE -i NONE -n -l nvim_edits.lua < cases > texts      one JSON value a line, in and out
-- A case is {text, edits, encoding}; all its lines end alike.
local function edited(case)
  local buffer = vim.api.nvim_create_buf(true, false)
  local dos = case.text:find("\r\n", 1, true) ~= nil
  local text = case.text:gsub("\r\n", "\n")
  local has_end = text:sub(-1) == "\n"
  vim.bo[buffer].fileformat = dos and "dos" or "unix"
  vim.bo[buffer].eol = has_end
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, vim.split(has_end and text:sub(1, -2) or text, "\n", { plain = true }))
  vim.lsp.util.apply_text_edits(case.edits, buffer, case.encoding)
  local ending = dos and "\r\n" or "\n"
  local now = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), ending) .. (vim.bo[buffer].eol and ending or "")
  vim.api.nvim_buf_delete(buffer, { force = true })
  return now
end

for line in io.stdin:lines() do
  local ok, text = pcall(edited, vim.json.decode(line))
  io.stdout:write(vim.json.encode(ok and text or { error = text }), "\n")
end
