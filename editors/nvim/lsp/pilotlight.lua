---@brief
---
--- Pilotlight keeps a coding agent warm and answers with ordinary code actions and workspace edits.
---
--- Enable it with `vim.lsp.enable("pilotlight")`. It attaches to every ordinary file, whatever its type
--- (set `filetypes` to narrow that).

local root_markers = { ".git", ".hg", "Cargo.toml", "package.json", "pyproject.toml" }

-- This file works without the plugin around it: then only what Neovim can do by itself is promised to the server.
local has_plugin = #vim.api.nvim_get_runtime_file("lua/pilotlight/init.lua", false) > 0

--- Passes a call on to a module of the plugin, which is loaded when it is needed.
local function to(module, name)
  return function(...) return require("pilotlight." .. module)[name](...) end
end

---@type vim.lsp.Config
local config = {
  cmd = { "pilotlight", "lsp" },
  -- A function instead of `root_markers`, because without `filetypes` Neovim would also attach to buffers that are no files:
  -- unnamed ones, and those of plugins that call their buffers `scheme://…`. Not calling `on_dir` leaves a buffer alone.
  root_dir = function(bufnr, on_dir)
    local name = vim.api.nvim_buf_get_name(bufnr)
    if name == "" or name:match("^%a[%w+.-]+://") then return end
    on_dir(vim.fs.root(bufnr, root_markers))
  end,
  capabilities = {
    -- Neovim 0.12 asks about annotated changes file by file; of ours all are made or none.
    workspace = { workspaceEdit = { changeAnnotationSupport = vim.NIL } },
  },
}

if has_plugin then
  config.capabilities.experimental = {
    -- prompt: code actions that still need the user's words may be offered, `commands` below asks for them.
    -- status: `handlers` below takes the notification `pilotlight/status`.
    -- documents: they show answers while these come, and what would change beside the question.
    pilotlight = { prompt = true, status = true, documents = true },
  }
  config.commands = {
    ["pilotlight.edit"] = to("prompt", "complete"),
    ["pilotlight.ask"] = to("prompt", "complete"),
  }
  config.handlers = {
    ["pilotlight/status"] = to("status", "receive"),
    ["window/showDocument"] = to("document", "show"),
    ["window/showMessageRequest"] = to("question", "ask"),
  }
  config.on_exit = to("health", "explain_exit")
end

return config
