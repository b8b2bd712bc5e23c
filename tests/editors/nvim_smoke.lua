-- Drives a real Neovim through one use of pilotlight, as a person would, with the plugin as it is shipped:
--   nvim --headless -u NONE -i NONE -n -l nvim_smoke.lua PROJECT PLUGIN
-- PROJECT is a scratch copy of the sample beside this file, PLUGIN is editors/nvim; `pilotlight` must be on PATH.
-- Prints one line a step; exit code 0 if all passed. Never sleeps: every step waits for its own result, within a bound.
local project, plugin = arg[1], arg[2]
local OLD, NEW = "total_price", "order_total"

local steps = dofile(vim.fs.dirname(arg[0]) .. "/nvim_steps.lua")
local say, quit, step = steps.say, steps.quit, steps.step

local function path(name) return project .. "/src/" .. name end

local function text_of(name)
  local buffer = vim.fn.bufnr(path(name))
  if buffer == -1 or not vim.api.nvim_buf_is_loaded(buffer) then return "" end
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

local function on_disk(name) return table.concat(vim.fn.readfile(path(name)), "\n") end

-- The confirmation comes as a message request: say yes to it, as a person would.
local asked = {}
vim.ui.select = function(items, opts, on_choice)
  local format = opts.format_item or tostring
  asked[#asked + 1] = opts.prompt or ""
  for _, item in ipairs(items) do
    if format(item):match("^Apply") then return on_choice(item) end
  end
  on_choice(nil)
end

local price, client = steps.start(plugin, path("price.rs"))
step("root is the project", function() return client.root_dir == project end, function() return tostring(client.root_dir) end)
step("status in the status line", function() return require("pilotlight").statusline() ~= "" end)

steps.rename(price, OLD, NEW)
steps.choose("Finish")
for _, name in ipairs({ "main.rs", "report.rs" }) do
  step("use renamed in " .. name, function()
    local text = text_of(name)
    return text:find(NEW, 1, true) and not text:find(OLD, 1, true)
  end, function() return text_of(name) end)
end
step("was asked before several files changed", function() return #asked > 0 end)
step("the definition is as typed", function()
  local text = text_of("price.rs")
  return text:find("fn " .. NEW, 1, true) and not text:find(OLD, 1, true)
end)
for _, name in ipairs({ "main.rs", "report.rs", "price.rs" }) do
  step("nothing was saved: " .. name, function() return on_disk(name):find(OLD, 1, true) end)
end

-- The code action without words: the plugin asks for them, and only then is the command sent.
local sent
local request = client.request
client.request = function(self, method, params, ...)
  if method == "workspace/executeCommand" then
    sent = params
    return true, 0
  end
  return request(self, method, params, ...)
end
local prompted
vim.ui.input = function(opts, on_confirm)
  prompted = opts.prompt
  on_confirm("use u64")
end
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action) return (action.command or {}).command == "pilotlight.edit" end,
})
step("asked for the instruction", function() return prompted end)
step("instruction sent", function()
  return sent and sent.command == "pilotlight.edit" and sent.arguments[1].instruction == "use u64"
end)
sent = nil
vim.cmd("2,3Pilotlight ask what is this?")
step("range and question sent", function()
  local argument = sent and sent.command == "pilotlight.ask" and sent.arguments[1]
  return argument and argument.question == "what is this?" and argument.range.start.line == 1 and argument.range["end"].line == 2
end, function() return vim.inspect(sent) end)
client.request = request

-- What another server reports reaches ours.
local told
local notify = client.notify
client.notify = function(self, method, params)
  if method == "pilotlight/diagnostics" then told = params end
  return notify(self, method, params)
end
vim.diagnostic.set(vim.api.nvim_create_namespace("other"), price, {
  { lnum = 1, col = 7, end_lnum = 1, end_col = 18, message = "from another server", severity = vim.diagnostic.severity.WARN },
})
step("diagnostics of others are passed on", function()
  return told and told.diagnostics[1].message == "from another server" and told.uri == vim.uri_from_bufnr(price)
end)

vim.cmd("Pilotlight receipts")
step("receipts in a window", function() return vim.bo.filetype == "markdown" and vim.fn.search("finish", "nw") > 0 end, function()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end)
vim.cmd.close()
vim.cmd("Pilotlight status")
step("status in a window", function() return vim.fn.getline(1):match("^# Pilotlight") end)
say("ok")
quit(0)
