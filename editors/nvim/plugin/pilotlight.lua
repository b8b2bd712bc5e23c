-- Defines :Pilotlight and the autocommands behind it. Starts no server: that is `vim.lsp.enable("pilotlight")`, the user's choice.
if vim.g.loaded_pilotlight then return end
vim.g.loaded_pilotlight = true

if vim.fn.has("nvim-0.11") == 0 then
  vim.notify("pilotlight needs Neovim 0.11 or newer (vim.lsp.config)", vim.log.levels.WARN)
  return
end

vim.api.nvim_create_user_command("Pilotlight", function(opts) require("pilotlight.command").run(opts) end, {
  nargs = "+",
  range = true,
  complete = function(lead, line) return require("pilotlight.command").complete(lead, line) end,
  desc = "Pilotlight: have code edited, finished, fixed or explained; see and control the session",
})

local group = vim.api.nvim_create_augroup("pilotlight", {})

vim.api.nvim_create_autocmd("FileType", {
  group = group,
  desc = "Say once that pilotlight's program is missing: Neovim only logs it",
  callback = function()
    if not vim.lsp.is_enabled("pilotlight") then return end
    require("pilotlight.health").say_if_missing()
    return true -- and never again
  end,
})

vim.api.nvim_create_autocmd("DiagnosticChanged", {
  group = group,
  desc = "Tell pilotlight what the other language servers report",
  callback = function(args) require("pilotlight.diagnostics").changed(args.buf) end,
})

vim.api.nvim_create_autocmd("LspAttach", {
  group = group,
  desc = "Tell pilotlight what the other language servers have reported already",
  callback = function(args)
    local client = vim.lsp.get_client_by_id(args.data.client_id)
    if client and client.name == "pilotlight" then require("pilotlight.diagnostics").changed(args.buf) end
  end,
})

-- Sourced late, by a plugin manager that loads lazily: what attached before is caught up with.
for _, client in ipairs(vim.lsp.get_clients({ name = "pilotlight" })) do
  vim.iter(pairs(client.attached_buffers)):each(require("pilotlight.diagnostics").changed)
end

vim.api.nvim_create_autocmd("LspProgress", {
  group = group,
  desc = "Show in the status line what pilotlight is doing",
  callback = function(args) require("pilotlight.status").progress(args.data.client_id, args.data.params) end,
})

vim.api.nvim_create_autocmd("LspDetach", {
  group = group,
  desc = "Forget what pilotlight was told",
  callback = function(args) require("pilotlight.diagnostics").forget(args.buf, args.data.client_id) end,
})
