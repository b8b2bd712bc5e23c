-- The ways in which the plugin gets into a real Neovim, and what stands in the way of its server:
--   nvim --headless -u NONE -i NONE -n -l nvim_loading.lua PROJECT PLUGIN WAY
-- Prints one line a step; exit code 0 if all passed.
local project, plugin, way = arg[1], arg[2], arg[3]
local steps = dofile(vim.fs.dirname(arg[0]) .. "/nvim_steps.lua")
local step = steps.step
local said = {}
vim.notify = function(text) said[#said + 1] = text end
local function messages() return vim.inspect(said) .. vim.fn.execute("messages") end

local function edit(file) vim.cmd.edit(vim.fn.fnameescape(file)) end
local function attached(buffer)
  local found = vim.lsp.get_clients({ name = "pilotlight", bufnr = buffer or 0 })[1]
  return found and found.initialized and found
end
local function commands() return vim.fn.exists(":Pilotlight") == 2 end

--- A folder below which `plugin` is a package of Neovim's own plugin manager.
local function package(kind)
  local folder = vim.fs.joinpath(vim.fs.dirname(project), kind)
  local packages = vim.fs.joinpath(folder, "pack", "mine", kind)
  vim.fn.mkdir(packages, "p")
  assert(vim.uv.fs_symlink(plugin, vim.fs.joinpath(packages, "pilotlight")))
  vim.opt.packpath:prepend(folder)
end

vim.cmd("filetype on")
local WAYS = {}

WAYS["as a package that starts"] = function()
  package("start")
  vim.cmd.packloadall()
  vim.lsp.enable("pilotlight")
  edit(project .. "/src/price.rs")
  step("attached", attached, messages)
  step("has its command", commands)
end

WAYS["as a package that is added"] = function()
  package("opt")
  vim.lsp.enable("pilotlight")
  edit(project .. "/src/price.rs")
  vim.cmd.packadd("pilotlight")
  vim.lsp.enable("pilotlight")
  step("a buffer that was open already is attached", attached, messages)
  step("has its command", commands)
end

WAYS["the server first and the plugin later"] = function()
  vim.opt.runtimepath:prepend(plugin)
  edit(project .. "/src/price.rs")
  vim.lsp.enable("pilotlight")
  local client = step("attached", attached, messages)
  local told
  client.notify = function(_, method, params)
    if method == "pilotlight/diagnostics" then told = params end
    return true
  end
  vim.diagnostic.set(vim.api.nvim_create_namespace("other"), 0, { { lnum = 0, col = 0, message = "reported before" } })
  vim.cmd.runtime("plugin/pilotlight.lua")
  step("what was reported before is passed on", function() return told and told.diagnostics[1].message == "reported before" end)
end

WAYS["the configuration alone"] = function()
  local folder = vim.fs.joinpath(vim.fs.dirname(project), "lspconfig")
  vim.fn.mkdir(folder .. "/lsp", "p")
  vim.uv.fs_copyfile(plugin .. "/lsp/pilotlight.lua", folder .. "/lsp/pilotlight.lua")
  vim.opt.runtimepath:prepend(folder)
  vim.lsp.enable("pilotlight")
  edit(project .. "/src/price.rs")
  local client = step("attached", attached, messages)
  local offered
  local position = { line = 1, character = 7 }
  client:request("textDocument/codeAction", {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    range = { start = position, ["end"] = { line = 2, character = 5 } },
    context = { diagnostics = {} },
  }, function(_, actions) offered = vim.tbl_map(function(action) return action.command.command end, actions) end)
  step("what needs a plugin is not offered", function()
    return offered and vim.list_contains(offered, "pilotlight.simplify") and not vim.list_contains(offered, "pilotlight.edit")
  end, function() return vim.inspect(offered) end)
  step("says nothing", function() return #said == 0 end, messages)
end

WAYS["files without a project, and several projects"] = function()
  vim.opt.runtimepath:prepend(plugin)
  vim.cmd.runtime("plugin/pilotlight.lua")
  vim.lsp.enable("pilotlight")
  local folder = vim.fs.dirname(project)
  vim.fn.mkdir(folder .. "/other/.git", "p")
  vim.fn.writefile({ "fn other() {}" }, folder .. "/other/other.rs")
  vim.fn.writefile({ "fn lone() {}" }, folder .. "/lone.rs")
  local roots = {}
  for _, file in ipairs({ project .. "/src/price.rs", folder .. "/other/other.rs", folder .. "/lone.rs" }) do
    edit(file)
    roots[#roots + 1] = step("attached to " .. vim.fs.basename(file), attached, messages).root_dir or "none"
  end
  step("each in its own", function() return vim.deep_equal(roots, { project, folder .. "/other", "none" }) end, function() return vim.inspect(roots) end)
  step("the status line is the buffer's", function() return require("pilotlight").statusline() ~= "" end)
  vim.cmd.enew()
  vim.bo.filetype = "rust"
  step("an unnamed buffer is left alone", function() return not attached() end)
  step("and has no status", function() return require("pilotlight").statusline() == "" end)
  vim.cmd("Pilotlight edit something")
  step("a command there says what is missing", function() return (said[#said] or ""):find("not attached to this buffer", 1, true) end, messages)
end

WAYS["stopped and started"] = function()
  local _, first = steps.start(plugin, project .. "/src/price.rs")
  vim.lsp.enable("pilotlight", false)
  step("stopped", function() return #vim.lsp.get_clients() == 0 end, messages)
  step("no status is shown", function() return require("pilotlight").statusline() == "" end)
  vim.lsp.enable("pilotlight")
  local second = step("started", attached, messages)
  step("by another process", function() return second.id ~= first.id end)
  step("its status is shown", function() return require("pilotlight").statusline() ~= "" end)
end

WAYS["without the program"] = function()
  vim.opt.runtimepath:prepend(plugin)
  vim.cmd.runtime("plugin/pilotlight.lua")
  vim.lsp.config("pilotlight", { cmd = { "/nowhere/pilotlight", "lsp" } })
  vim.lsp.enable("pilotlight")
  edit(project .. "/src/price.rs")
  step("says so", function() return said[1] and said[1]:find('there is no program "/nowhere/pilotlight"', 1, true) end, messages)
  edit(project .. "/src/main.rs")
  step("once", function() return #said == 1 end, messages)
  vim.cmd.checkhealth("pilotlight")
  step("and what to do", function() return vim.fn.search("cargo install", "nw") > 0 end)
end

WAYS["with a configuration that cannot be used"] = function()
  local file = vim.env.XDG_CONFIG_HOME .. "/pilotlight/config.toml"
  vim.fn.mkdir(vim.fs.dirname(file), "p")
  vim.fn.writefile({ "[provider]", 'base_ur = "x"' }, file)
  vim.opt.runtimepath:prepend(plugin)
  vim.cmd.runtime("plugin/pilotlight.lua")
  vim.lsp.enable("pilotlight")
  edit(project .. "/src/price.rs")
  step("says where it is wrong", function()
    return messages():find("config.toml:2: provider.base_ur: unknown key; the nearest valid key is provider.base_url", 1, true)
  end, messages)
end

WAYS["with a key that the provider refuses"] = function()
  steps.start(plugin, project .. "/src/price.rs")
  vim.cmd("Pilotlight ask what is this?")
  local what = "The provider refused the API key"
  step("says what to do", function() return messages():find("check provider.api_key_env or api_key_command", 1, true) end, messages)
  step("once", function() return select(2, messages():gsub(what, what)) == 1 end, messages)
  step("and is ready again", function() return not require("pilotlight").statusline():find("…", 1, true) end)
end

WAYS["checked and documented"] = function()
  local _, client = steps.start(plugin, project .. "/src/price.rs")
  step("the session is warm", function() return require("pilotlight").statusline():find("warm", 1, true) end)
  vim.cmd.checkhealth("pilotlight")
  local report = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
  for _, line in ipairs({
    "server: " .. vim.fn.exepath("pilotlight"),
    "for " .. client.root_dir .. ", attached to 1 buffer",
    "session of " .. client.root_dir .. ": warm",
    "transport: WebSocket",
  }) do
    step("the check says: " .. line, function() return report:find(line, 1, true) end, function() return report end)
  end
  step("and finds nothing wrong", function() return not report:find("ERROR", 1, true) and not report:find("WARNING", 1, true) end, function() return report end)

  local doc = vim.fs.joinpath(vim.fs.dirname(project), "doc")
  vim.fn.mkdir(doc)
  vim.uv.fs_copyfile(plugin .. "/doc/pilotlight.txt", doc .. "/pilotlight.txt")
  vim.cmd.helptags(vim.fn.fnameescape(doc))
  vim.opt.runtimepath:append(vim.fs.dirname(doc))
  vim.cmd.help("pilotlight")
  step("the help opens", function() return vim.bo.filetype == "help" and vim.fn.expand("%:t") == "pilotlight.txt" end)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    if vim.fn.strdisplaywidth(line) > 78 then step("no line is too long", function() return false end, function() return number .. ": " .. line end) end
    for link in line:gmatch("|(%S-)|") do
      step("a link leads somewhere: " .. link, function() return pcall(vim.cmd.help, link) end)
      vim.cmd.help("pilotlight")
    end
  end
  for _, subcommand in ipairs(vim.fn.getcompletion("Pilotlight ", "cmdline")) do
    step("the help tells of " .. subcommand, function() return pcall(vim.cmd.help, ":Pilotlight-" .. subcommand) end)
  end
end

steps.say("way   " .. way)
WAYS[way]()
steps.say("ok")
steps.quit(0)
