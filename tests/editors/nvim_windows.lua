-- What a user of pilotlight's plugin sees and touches in a real Neovim, as it is shipped:
--   nvim --headless -u NONE -i NONE -n -l nvim_windows.lua PROJECT PLUGIN
-- The preview of a change, what it leaves of one's own windows, cursors, marks, folds and undo, and the plugin's windows.
-- Prints one line a step; exit code 0 if all passed.
local project, plugin = arg[1], arg[2]
local steps = dofile(vim.fs.dirname(arg[0]) .. "/nvim_steps.lua")
local step = steps.step
local OLD, NEW, NEWER = "total_price", "order_total", "order_sum"

local asked, wanted = {}, nil
vim.ui.select = function(items, opts, on_choice)
  asked[#asked + 1] = vim.tbl_map(opts.format_item, items)
  for _, item in ipairs(items) do
    if vim.startswith(opts.format_item(item), wanted) then return on_choice(item) end
  end
  on_choice(nil)
end
local said = {}
vim.notify = function(text) said[#said + 1] = text end
local function messages() return table.concat(said, "\n") .. vim.fn.execute("messages") end

local price, client = steps.start(plugin, project .. "/src/price.rs")
local function text_of(buffer) return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n") end
local function is_idle() return require("pilotlight").statusline(price) == "🔥 warm" end
--- What the server says became of the last turn.
local function outcome()
  local request = { command = "pilotlight.status", arguments = { vim.empty_dict() } }
  local answer = client:request_sync("workspace/executeCommand", request, 5000)
  return answer and answer.result and answer.result.sessions[1].last.outcome
end
local function window_titled(title)
  return vim.iter(vim.api.nvim_list_wins()):find(function(window) return vim.wo[window].winbar:find(title, 1, true) end)
end

-- Two windows of the user's own, one of them on a file with marks, a fold and an unsaved line.
local code = vim.api.nvim_get_current_win()
vim.cmd.split(vim.fn.fnameescape(project .. "/src/main.rs"))
local main, beside = vim.api.nvim_get_current_buf(), vim.api.nvim_get_current_win()
vim.cmd("1,2fold")
vim.api.nvim_buf_set_lines(main, -1, -1, false, { "// typed and not saved" })
vim.api.nvim_buf_set_mark(main, "a", vim.fn.search("fn main"), 3, {})
vim.api.nvim_win_set_cursor(beside, { vim.api.nvim_buf_line_count(main), 4 })
vim.fn.setreg("a", "mine")
local marked = vim.api.nvim_buf_get_mark(main, "a")
local before, cursor, windows = text_of(main), vim.api.nvim_win_get_cursor(beside), #vim.api.nvim_list_wins()
vim.api.nvim_set_current_win(code)
steps.rename(price, OLD, NEW)
local typed = vim.api.nvim_win_get_cursor(code)

wanted = "Read the diff first"
vim.cmd("Pilotlight finish")
step("the question has a way to read first", function()
  return vim.deep_equal(asked[1], { "Apply", "Discard", "Read the diff first" })
end, messages)
local preview = step("the change is shown beside it", function() return window_titled("What would change") end)
step("as a diff", function()
  local buffer = vim.api.nvim_win_get_buf(preview)
  return vim.bo[buffer].filetype == "diff" and text_of(buffer):find("+++ b/src/report.rs", 1, true) and not vim.bo[buffer].modifiable
end)
step("whoever wants to read it is put there", function() return vim.api.nvim_get_current_win() == preview end)
step("nothing changed so far", function() return text_of(main) == before end)
step("it waits", is_idle)
vim.cmd("Pilotlight apply")
step("applied by command", function() return text_of(main):find(NEW, 1, true) end, messages)
step("the preview is gone", function() return #vim.api.nvim_list_wins() == windows and not window_titled("What would change") end)
step("the server knows", function() return outcome() == "applied" end, outcome)
step("the cursor of another window stayed", function()
  return vim.deep_equal(vim.api.nvim_win_get_cursor(beside), cursor)
end, function() return vim.inspect(vim.api.nvim_win_get_cursor(beside)) end)
step("marks stayed", function() return vim.deep_equal(vim.api.nvim_buf_get_mark(main, "a"), marked) end)
step("folds stayed", function()
  return vim.api.nvim_win_call(beside, function() return vim.fn.foldclosed(1) == 1 and vim.fn.foldclosedend(1) == 2 end)
end)
step("registers stayed", function() return vim.fn.getreg("a") == "mine" end)
step("nobody was told twice", function() return not messages():find("among the code actions", 1, true) end, messages)
vim.api.nvim_set_current_win(code)
step("the cursor is where the user typed", function() return vim.deep_equal(vim.api.nvim_win_get_cursor(code), typed) end)

-- Not wanted after all.
steps.rename(price, NEW, NEWER)
vim.cmd("Pilotlight finish")
step("asked again", function() return #asked == 2 and window_titled("What would change") end, messages)
step("it waits", is_idle)
vim.cmd("Pilotlight discard")
step("discarded", function() return not window_titled("What would change") end)
step("nothing changed", function() return not text_of(main):find(NEWER, 1, true) end)
said = {}
vim.cmd("Pilotlight apply")
step("nothing is left to apply", function() return vim.deep_equal(said, { "pilotlight: no change waits" }) end, messages)

vim.api.nvim_buf_call(main, function() vim.cmd("silent undo") end)
step("one undo takes back the edit and no more", function() return text_of(main) == before end, function() return text_of(main) end)

-- Answers and the plugin's other windows: one of each kind, and the cursor stays in the code for what comes later.
vim.api.nvim_set_current_win(code)
vim.cmd("Pilotlight ask what is it?")
local answer = step("an answer has a window", function() return window_titled("Answer") end, messages)
local first = vim.api.nvim_win_get_buf(answer)
step("as Markdown", function() return vim.bo[first].filetype == "markdown" and text_of(first):find("embedded agent", 1, true) end,
  function() return text_of(first) end)
step("the cursor stays in the code", function() return vim.api.nvim_get_current_win() == code end)
vim.cmd("Pilotlight ask and this?")
step("the next answer takes the same window", function()
  return vim.api.nvim_win_get_buf(answer) ~= first and #vim.api.nvim_list_wins() == windows + 1
end)
vim.api.nvim_set_current_win(answer)
vim.api.nvim_feedkeys("q", "mx", false)
step("q closes it", function() return #vim.api.nvim_list_wins() == windows end)
for _, subcommand in ipairs({ "status", "receipts", "status" }) do
  vim.cmd("Pilotlight " .. subcommand)
  step(subcommand .. " has a window", function() return window_titled("Pilotlight's " .. subcommand) end)
end
step("one of each", function() return #vim.api.nvim_list_wins() == windows + 2 end)

said = {}
vim.api.nvim_set_current_win(code)
vim.cmd("Pilotlight trust")
step("consent is not needed for what stays on this machine", function() return said[1] and said[1]:find("needs no consent", 1, true) end, messages)

-- Help with what was not meant.
said = {}
vim.cmd("Pilotlight explode")
step("an unknown subcommand names the known ones", function()
  return said[1] and said[1]:find("apply, ask, cancel, discard, document, edit, finish", 1, true)
end, messages)
step("completion knows them", function()
  return vim.deep_equal(vim.fn.getcompletion("Pilotlight re", "cmdline"), { "receipts", "reset" })
end)
steps.say("ok")
steps.quit(0)
