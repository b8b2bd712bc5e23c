-- :checkhealth pilotlight
local M = {}

function M.check()
  local health = vim.health
  health.start("pilotlight")

  local config = vim.lsp.config.pilotlight
  local program = config and type(config.cmd) == "table" and config.cmd[1]
  if not config then
    health.error("no configuration named pilotlight", { "put this plugin's folder on 'runtimepath'" })
  elseif not program then
    health.info("the server is started by a function")
  elseif vim.fn.executable(program) == 0 then
    health.error(
      ("the server %q is not executable"):format(program),
      { "install it: `cargo install --path .` in its sources", 'or name it: vim.lsp.config("pilotlight", { cmd = { "/path/to/pilotlight", "lsp" } })' }
    )
  else
    health.ok("server: " .. vim.fn.exepath(program))
  end

  if not vim.lsp.is_enabled("pilotlight") then
    health.warn("not enabled", { 'call vim.lsp.enable("pilotlight")' })
  elseif #vim.lsp.get_clients({ name = "pilotlight" }) == 0 then
    health.warn("enabled, but running for no buffer", { "it attaches to named files whose filetype Neovim knows" })
  else
    for _, client in ipairs(vim.lsp.get_clients({ name = "pilotlight" })) do
      local version = vim.tbl_get(client, "server_info", "version") or "unknown version"
      health.ok(("running (%s) for %s"):format(version, client.root_dir or "single files"))
    end
  end
  health.info("`pilotlight doctor` checks key, endpoint and connection")
end

return M
