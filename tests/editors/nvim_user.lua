-- What a user of pilotlight might have in their init.lua: what the README's first lines say, and a status line.
vim.lsp.enable("pilotlight")
vim.o.statusline = "%<%f %m%=%{v:lua.require'pilotlight'.statusline()} "
vim.o.laststatus = 2
vim.o.number = true
