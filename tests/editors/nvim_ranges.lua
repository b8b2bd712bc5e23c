-- Checks the plugin's arithmetic in a real Neovim, without a server: from selections and diagnostics to LSP ranges.
--   nvim --headless -u NONE -i NONE -n -l nvim_ranges.lua PROJECT PLUGIN
vim.opt.runtimepath:prepend(arg[2])
local range = require("pilotlight.range")
local diagnostics = require("pilotlight.diagnostics")

local failed = false
local function check(name, got, expected)
  if vim.deep_equal(got, expected) then
    io.stdout:write("pass  " .. name .. "\n")
  else
    failed = true
    io.stdout:write(("FAIL  %s\n  got      %s\n  expected %s\n"):format(name, vim.inspect(got), vim.inspect(expected)))
  end
end

local function between(first, from, last, to)
  return { start = { line = first, character = from }, ["end"] = { line = last, character = to } }
end

-- "é" is 2 bytes and 1 unit in UTF-16; "𝄞" is 4 bytes, 2 units in UTF-16, 1 in UTF-32.
vim.api.nvim_buf_set_lines(0, 0, -1, false, { "é𝄞 one", "two", "" })
local buffer = vim.api.nvim_get_current_buf()

for encoding, expected in pairs({ ["utf-8"] = 10, ["utf-16"] = 7, ["utf-32"] = 6 }) do
  check("a whole line in " .. encoding, range.lines(buffer, 1, 1, encoding), between(0, 0, 0, expected))
end
check("an empty last line", range.lines(buffer, 3, 3, "utf-16"), between(2, 0, 2, 0))

--- The range of '<,'> after selecting by `keys`.
local function selected(keys)
  vim.cmd("normal! gg0" .. keys .. "\27")
  local opts = { range = 2, line1 = vim.fn.line("'<"), line2 = vim.fn.line("'>") }
  return range.of_command(buffer, opts, "utf-16")
end
check("a selection ends after its last character", selected("vl"), between(0, 0, 0, 3))
check("a selection of one character", selected("v"), between(0, 0, 0, 1))
check("a selection over two lines", selected("Wvj"), between(0, 4, 1, 3))
check("a selection up to the line's end", selected("v$"), between(0, 0, 0, 7))
check("a selection of lines", selected("Vj"), between(0, 0, 1, 3))
vim.o.selection = "exclusive"
check("an exclusive selection", selected("vll"), between(0, 0, 0, 3))
vim.o.selection = "inclusive"

--- The range while one still selects by `keys`, as a mapping to <Cmd> finds it.
local function selecting(keys)
  vim.cmd("normal! gg0")
  local found
  vim.keymap.set("x", "<Plug>(range)", function() found = range.of_command(buffer, { range = 0, line1 = 1, line2 = 1 }, "utf-16") end)
  vim.api.nvim_feedkeys(vim.keycode(keys .. "<Plug>(range)<Esc>"), "mx", false)
  return found
end
check("a selection that goes on", selecting("vl"), between(0, 0, 0, 3))
check("a selection that goes backwards", selecting("Wvh"), between(0, 3, 0, 5))
check("a selection of lines that goes on", selecting("Vj"), between(0, 0, 1, 3))

selected("v")
check("lines given by number", range.of_command(buffer, { range = 2, line1 = 1, line2 = 2 }, "utf-16"), between(0, 0, 1, 3))
vim.api.nvim_win_set_cursor(0, { 1, 6 })
check("the cursor", range.of_command(buffer, { range = 0, line1 = 1, line2 = 1 }, "utf-16"), between(0, 3, 0, 3))

-- A server that counts in UTF-8 reported "one"; ours counts in UTF-16.
local namespace = vim.api.nvim_create_namespace("test")
vim.diagnostic.set(namespace, buffer, {
  {
    lnum = 0,
    col = 7,
    end_lnum = 0,
    end_col = 10,
    message = "of a server",
    user_data = { lsp = { range = between(0, 7, 0, 10), message = "of a server", code = "E1" } },
  },
  { lnum = 1, col = 0, message = "of a linter" },
})
local converted = diagnostics.to_lsp(buffer, vim.diagnostic.get(buffer, { namespace = namespace }), "utf-16")
check("a server's diagnostic in our encoding", converted[1].range, between(0, 4, 0, 7))
check("a server's diagnostic keeps its code", converted[1].code, "E1")
check("a linter's diagnostic without an end", converted[2].range, between(1, 0, 1, 0))

os.exit(failed and 1 or 0)
