-- Puts pilotlight beside language servers that people run, in a real Neovim with the plugin as it is shipped:
--   nvim --headless -u NONE -i NONE -n -l nvim_servers.lua PROJECT PLUGIN RUFF NODE BASEDPYRIGHT
-- One server counts columns in UTF-8, the other in UTF-16, and there are characters in the text on which they differ.
-- Prints one line a step; exit code 0 if all passed.
local project, plugin, ruff, node, basedpyright = arg[1], arg[2], arg[3], arg[4], arg[5]
local steps = dofile(vim.fs.dirname(arg[0]) .. "/nvim_steps.lua")
local step = steps.step
local TEXT = 'import os\n\nprint("é𝄞", f"plain", "é𝄞")\nprint("é𝄞", nmae)'

vim.lsp.config("ruff", { cmd = { ruff, "server" }, filetypes = { "python" }, root_markers = { ".git" } })
vim.lsp.config("basedpyright", {
  cmd = { node, basedpyright, "--stdio" },
  filetypes = { "python" },
  root_markers = { ".git" },
  settings = { basedpyright = { analysis = { diagnosticMode = "openFilesOnly" } } },
})
vim.lsp.enable({ "ruff", "basedpyright" })
vim.fn.writefile(vim.split(TEXT, "\n"), project .. "/main.py")

local told = {}
local buffer, client = steps.start(plugin, project .. "/main.py")
local notify = client.notify
client.notify = function(self, method, params)
  if method == "pilotlight/diagnostics" then told = params.diagnostics end
  return notify(self, method, params)
end

local function text() return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n") end
local function undo() vim.cmd("silent normal! u") end

--- What both servers report of one line, as it was passed on.
local function both(row)
  local of = {}
  for _, diagnostic in ipairs(told) do
    if diagnostic.range.start.line == row then of[diagnostic.source:lower()] = diagnostic.range.start.character end
  end
  return of.ruff and of.basedpyright and of
end
local found = step("both servers report the unknown name, and ours is told", function() return both(3) end,
  function() return vim.inspect(vim.diagnostic.get(buffer)) end)
step("behind characters of many bytes they mean the same place", function()
  return found.ruff == found.basedpyright and found.ruff == #'print("é𝄞", '
end, function() return vim.inspect(found) end)

-- The stock key, and whichever menu there is.
local offered = {}
vim.ui.select = function(items, opts, on_choice)
  offered = vim.tbl_map(opts.format_item, items)
  for index, title in ipairs(offered) do
    if title:find("^Fix: f%-string") then return on_choice(items[index]) end
  end
  on_choice(nil)
end
vim.api.nvim_win_set_cursor(0, { 3, 2 })
vim.api.nvim_feedkeys("gra", "mx", false)
step("the stock key offers to fix what ruff reports", function()
  return vim.iter(offered):any(function(title) return title:find("^Fix: f%-string.*%[pilotlight%]") end)
end, function() return vim.inspect(offered) end)
step("fixed at the right column", function() return text() == TEXT:gsub('f"plain"', '"plain"') end, text)
step("the cursor stayed", function() return vim.deep_equal(vim.api.nvim_win_get_cursor(0), { 3, 2 }) end)
undo()
step("one undo takes it back", function() return text() == TEXT end, text)

step("the reports are those of the text as it is again", function() return both(0) and both(3) end)
vim.cmd("1,3Pilotlight fix")
step("a range fixes all that is reported there", function()
  return text() == '\nprint("é𝄞", "plain", "é𝄞")\nprint("é𝄞", nmae)'
end, text)
undo()
step("one undo takes all of it back", function() return text() == TEXT end, text)
steps.say("ok")
steps.quit(0)
