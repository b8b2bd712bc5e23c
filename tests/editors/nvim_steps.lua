-- What the scripts that drive Neovim share: steps that pass or end the whole run, and nothing of any scenario.
local WAIT_MS = 20000

local function say(line) io.stdout:write(line .. "\n") end

local function quit(code)
  for _, client in ipairs(vim.lsp.get_clients()) do client:stop() end
  vim.wait(5000, function() return #vim.lsp.get_clients() == 0 end, 20)
  os.exit(code)
end

--- Waits until `check` answers something true, and returns that; fails the whole run otherwise.
local function step(name, check, describe)
  local answer
  local passed = vim.wait(WAIT_MS, function()
    answer = check()
    return answer
  end, 20)
  say((passed and "pass  " or "FAIL  ") .. name)
  if passed then return answer end
  if describe then say("      " .. describe()) end
  say(vim.fn.execute("messages"))
  quit(1)
end

--- Starts the shipped plugin, opens a file and waits until our server has attached.
local function start(plugin, file)
  vim.opt.runtimepath:prepend(plugin)
  vim.cmd("runtime plugin/pilotlight.lua")
  vim.cmd("filetype on")
  vim.lsp.enable("pilotlight")
  vim.cmd.edit(vim.fn.fnameescape(file))
  local buffer = vim.api.nvim_get_current_buf()
  return buffer, step("attached", function()
    local found = vim.lsp.get_clients({ name = "pilotlight", bufnr = buffer })[1]
    return found and found.initialized and found
  end)
end

--- Renames a function where it is defined, and nowhere else; leaves the cursor there.
local function rename(buffer, old, new)
  local row, line
  for number, content in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    if content:find("fn " .. old, 1, true) then row, line = number, content end
  end
  local from = line:find(old, 1, true) - 1
  vim.api.nvim_win_set_cursor(0, { row, from })
  vim.api.nvim_buf_set_text(buffer, row - 1, from, row - 1, from + #old, { new })
end

--- Takes the one code action whose title begins so.
local function choose(title)
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action) return vim.startswith(action.title, title) end,
  })
end

return { say = say, quit = quit, step = step, start = start, rename = rename, choose = choose }
