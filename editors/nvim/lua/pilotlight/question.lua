-- The handler of `window/showMessageRequest`: may this be sent, may this be changed. A turn asks when it is ready, while
-- the user is at something else: a question must never take keys that were meant for the text.
local window = require("pilotlight.window")

local M = {}

local READ_FIRST = { title = "Read the diff first" }

--- Whether the user is not in the middle of typing, selecting or another question. A script that Neovim runs is in mode "c"
--- without any command line.
local function is_free()
  local mode = vim.api.nvim_get_mode().mode
  return mode == "n" or (mode == "c" and vim.fn.getcmdtype() == "")
end

--- Calls back once the user is free.
---@param callback fun()
local function when_free(callback)
  if is_free() then return callback() end
  vim.api.nvim_create_autocmd("ModeChanged", {
    pattern = "*:n",
    once = true,
    desc = "Ask what pilotlight wants to know",
    callback = vim.schedule_wrap(function() when_free(callback) end),
  })
end

--- Whether it is about the change that the preview shows.
---@param actions lsp.MessageActionItem[]
local function is_about_preview(actions)
  return window.is_open("preview") and vim.iter(actions):any(function(action) return action.title == "Apply" end)
end

---@type lsp.Handler
---@param params lsp.ShowMessageRequestParams
function M.ask(err, params, ctx)
  local caller, is_main = coroutine.running()
  local actions = vim.deepcopy(params.actions or {})
  if not caller or is_main or #actions == 0 then return vim.lsp.handlers["window/showMessageRequest"](err, params, ctx) end
  local about_preview = is_about_preview(actions)
  if about_preview then actions[#actions + 1] = READ_FIRST end

  local function answer(choice)
    if about_preview and choice == READ_FIRST then
      -- No answer: the proposal waits for :Pilotlight apply or discard.
      window.focus("preview")
      choice = nil
    elseif about_preview and choice then
      window.close("preview")
    end
    coroutine.resume(caller, choice or vim.NIL)
  end

  when_free(function()
    vim.ui.select(actions, {
      kind = "pilotlight",
      prompt = params.message,
      format_item = function(action) return action.title end,
    }, vim.schedule_wrap(answer))
  end)
  return coroutine.yield()
end

return M
