---@brief
---
--- Pilotlight keeps a coding agent warm and answers with ordinary code actions and workspace edits.
---
--- Enable it with `vim.lsp.enable("pilotlight")`. It attaches to every ordinary file, whatever its type
--- (set `filetypes` to narrow that).

local root_markers = { ".git", ".hg", "Cargo.toml", "package.json", "pyproject.toml" }

---@type vim.lsp.Config
return {
  cmd = { "pilotlight", "lsp" },
  -- A function instead of `root_markers`, because without `filetypes` Neovim would also attach to buffers that are no files:
  -- unnamed ones, and those of plugins that call their buffers `scheme://…`. Not calling `on_dir` leaves a buffer alone.
  root_dir = function(bufnr, on_dir)
    local name = vim.api.nvim_buf_get_name(bufnr)
    if name == "" or name:match("^%a[%w+.-]+://") then return end
    on_dir(vim.fs.root(bufnr, root_markers))
  end,
  capabilities = {
    experimental = {
      -- prompt: code actions that still need the user's words may be offered, `commands` below asks for them.
      -- status: `handlers` below takes the notification `pilotlight/status`.
      pilotlight = { prompt = true, status = true },
    },
  },
  commands = {
    ["pilotlight.edit"] = function(command, ctx) require("pilotlight.prompt").complete(command, ctx) end,
    ["pilotlight.ask"] = function(command, ctx) require("pilotlight.prompt").complete(command, ctx) end,
  },
  handlers = {
    ["pilotlight/status"] = function(_, status, ctx) require("pilotlight.status").receive(status, ctx.client_id) end,
  },
}
