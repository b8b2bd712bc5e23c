-- :checkhealth pilotlight, and why the server ended when it did so by itself. Asks the running server and `pilotlight doctor`.
local M = {}

-- The oldest server that knows everything this plugin asks of it.
local OLDEST = "0.1.0"
local ANSWERS_WITHIN_MS = 2000
local DOCTOR_WITHIN_MS = 15000

---@return string? program none if the server is started by a function
local function program()
  local config = vim.lsp.config.pilotlight
  return config and type(config.cmd) == "table" and config.cmd[1] or nil
end

--- What a run of the program prints, or nothing if it could not be run.
---@param arguments string[]
---@param limit_ms integer
---@return vim.SystemCompleted?
local function run(arguments, limit_ms)
  local started, process = pcall(vim.system, vim.list_extend({ program() }, arguments), { text = true, timeout = limit_ms })
  return started and process:wait() or nil
end

---@param version? string
---@return boolean
local function is_old(version)
  local parsed = version and vim.version.parse(version)
  return parsed ~= nil and vim.version.lt(parsed, OLDEST)
end

--- Whether the server can be started.
---@return boolean
local function check_program()
  local name = program()
  if not name then
    vim.health.info("the server is started by a function")
    return false
  end
  if vim.fn.executable(name) == 0 then
    vim.health.error(("there is no program %q"):format(name), {
      "install it: `cargo install --path .` in Pilotlight's sources, and see that ~/.cargo/bin is on $PATH",
      'or name it: vim.lsp.config("pilotlight", { cmd = { "/path/to/pilotlight", "lsp" } })',
    })
    return false
  end
  local version = vim.trim((run({ "--version" }, ANSWERS_WITHIN_MS) or { stdout = "" }).stdout or "")
  vim.health.ok(("server: %s (%s)"):format(vim.fn.exepath(name), version))
  if is_old(version:match("%S+$")) then
    vim.health.warn(("the plugin is made for pilotlight %s or newer"):format(OLDEST), { "update the program, then :Pilotlight status" })
  end
  return true
end

--- One line on each session of a running server, and what its state asks of the user.
---@param client vim.lsp.Client
local function check_sessions(client)
  local request = { command = "pilotlight.status", arguments = { vim.empty_dict() } }
  local answer = client:request_sync("workspace/executeCommand", request, ANSWERS_WITHIN_MS)
  if not answer or not answer.result then
    return vim.health.error("the server does not answer", { "restart it; `:lua vim.cmd.edit(vim.lsp.log.get_filename())` has its log" })
  end
  for _, session in ipairs(answer.result.sessions) do
    local line = ("session of %s: %s, %s at %s over %s"):format(
      session.root,
      session.state,
      session.model,
      session.endpoint,
      session.transport
    )
    if session.state == "consent" then
      vim.health.warn(line, { "nothing of this folder is sent before you agree: :Pilotlight trust" })
    elseif session.state == "offline" then
      vim.health.warn(line, { "the next turn tries again; what `pilotlight doctor` finds is below" })
    else
      vim.health.ok(line)
    end
  end
end

local function check_clients()
  local clients = vim.lsp.get_clients({ name = "pilotlight" })
  if not vim.lsp.is_enabled("pilotlight") then
    vim.health.warn("not enabled", { 'call vim.lsp.enable("pilotlight")' })
  elseif #clients == 0 then
    vim.health.warn("enabled, but running for no buffer", {
      "it attaches to named files whose filetype Neovim knows; `:set filetype=text` gives one to a file that has none",
    })
  end
  for _, client in ipairs(clients) do
    local version = vim.tbl_get(client, "server_info", "version") or "of unknown version"
    local buffers = vim.tbl_count(client.attached_buffers)
    local attached = buffers == 1 and "1 buffer" or buffers .. " buffers"
    vim.health.ok(("running %s for %s, attached to %s"):format(version, client.root_dir or "single files", attached))
    check_sessions(client)
  end
end

local function check_doctor()
  local report = run({ "doctor", "--json" }, DOCTOR_WITHIN_MS)
  local read, found = pcall(vim.json.decode, report and report.stdout or "")
  if not read then
    return vim.health.error("`pilotlight doctor` failed", { vim.trim(report and report.stderr or "") })
  end
  for _, check in ipairs(found.checks) do
    -- Which editors there are is known here.
    if check.name == "editors" then break end
    local say = check.ok and vim.health.ok or vim.health.error
    local advice = type(check.fix) == "string" and { check.fix } or nil
    say(("%s: %s"):format(check.name, check.found), advice)
  end
end

function M.check()
  vim.health.start("pilotlight: server")
  local has_program = check_program()
  vim.health.start("pilotlight: sessions")
  check_clients()
  if has_program then
    vim.health.start("pilotlight: doctor")
    check_doctor()
  end
end

--- For a server that cannot be started: what there is to say while one edits.
function M.say_if_missing()
  local name = program()
  if not name or vim.fn.executable(name) == 1 then return end
  require("pilotlight.client").warn(("there is no program %q; :checkhealth pilotlight says what to do"):format(name))
end

--- For a server that ended with an error: Neovim says no more than the exit code. A configuration that cannot be used is the
--- usual reason, and the program says where.
---@param code integer
function M.explain_exit(code)
  if code == 0 then return end
  vim.schedule(function()
    local name = program()
    if not name or vim.fn.executable(name) == 0 then return end
    vim.system({ name, "config" }, { text = true, timeout = ANSWERS_WITHIN_MS }, function(done)
      local reason = done.code ~= 0 and vim.trim(done.stderr or "") or ""
      if reason ~= "" then vim.schedule(function() vim.notify(reason, vim.log.levels.ERROR) end) end
    end)
  end)
end

return M
