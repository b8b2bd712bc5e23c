-- Asks pilotlight for something before it may send the project anywhere, in a real Neovim with the plugin as it is shipped:
--   nvim --headless -u NONE -i NONE -n -l nvim_consent.lua PROJECT PLUGIN ANSWER
-- ANSWER is the one of the question's choices that the person takes. Prints one line a step; exit code 0 if all passed.
local project, plugin, answer = arg[1], arg[2], arg[3]
local steps = dofile(vim.fs.dirname(arg[0]) .. "/nvim_steps.lua")
local step = steps.step
local OLD, NEW = "total_price", "order_total"

local function text_of(name)
  local buffer = vim.fn.bufnr(project .. "/src/" .. name)
  if buffer == -1 or not vim.api.nvim_buf_is_loaded(buffer) then return "" end
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

local asked, said = {}, {}
vim.ui.select = function(items, opts, on_choice)
  local format = opts.format_item or tostring
  local question = { prompt = opts.prompt or "", choices = vim.tbl_map(format, items) }
  asked[#asked + 1] = question
  for _, item in ipairs(items) do
    local choice = format(item)
    if choice == answer or choice:match("^Apply") then return on_choice(item) end
  end
  on_choice(nil)
end
vim.notify = function(text) said[#said + 1] = text end
local function messages() return table.concat(said, "\n") .. vim.fn.execute("messages") end

local price = steps.start(plugin, project .. "/src/price.rs")
step("the status line says that it waits", function() return require("pilotlight").statusline():find("consent", 1, true) end,
  function() return require("pilotlight").statusline() end)
steps.rename(price, OLD, NEW)
steps.choose("Finish")
step("was asked for consent", function() return asked[1] end, messages)
local question = asked[1]
step("the question names folder and endpoint", function()
  return question.prompt:find(project, 1, true) and question.prompt:find("https://api.pilotlight.test", 1, true)
end, function() return question.prompt end)
step("it has two answers", function() return vim.deep_equal(question.choices, { "Allow", "Not now" }) end)
if answer == "Allow" then
  for _, name in ipairs({ "main.rs", "report.rs" }) do
    step("what was chosen went on: " .. name, function()
      local text = text_of(name)
      return text:find(NEW, 1, true) and not text:find(OLD, 1, true)
    end, messages)
  end
  step("was asked once for consent", function() return #asked == 2 end, function() return vim.inspect(asked) end)
else
  step("is told that nothing was sent, and what to do", function()
    return messages():find("Nothing was sent. To allow it, choose the action again.", 1, true)
  end, messages)
  step("nothing changed", function() return text_of("main.rs") == "" end)
end
steps.say("ok")
steps.quit(0)
