-- :Pilotlight SUBCOMMAND [WORDS], with an optional range.
local client = require("pilotlight.client")
local range = require("pilotlight.range")

local M = {}

---@class pilotlight.Invocation
---@field server vim.lsp.Client
---@field bufnr integer
---@field opts table as nvim_create_user_command() hands them over
---@field words string what follows the subcommand

--- The argument of a command that works at a place.
---@param it pilotlight.Invocation
local function at_range(it)
  return {
    uri = vim.uri_from_bufnr(it.bufnr),
    range = range.of_command(it.bufnr, it.opts, it.server.offset_encoding),
  }
end

--- A turn that needs the user's words.
local function with_words(name, field)
  return function(it)
    local argument = at_range(it)
    if it.words ~= "" then argument[field] = it.words end
    require("pilotlight.prompt").run(it.server, name, argument, it.bufnr)
  end
end

--- A turn that needs only its place.
local function at_place(name)
  return function(it) client.execute(it.server, name, at_range(it), it.bufnr) end
end

local function finish(it)
  client.execute(it.server, "pilotlight.finish", { uri = vim.uri_from_bufnr(it.bufnr) }, it.bufnr)
end

--- Fixes what any server or linter reports on the lines of the range; without one, on the cursor's line.
local function fix(it)
  local diagnostics = require("pilotlight.diagnostics")
  local place = at_range(it)
  local first, last = place.range.start.line, place.range["end"].line
  local there = vim.tbl_filter(
    function(found) return found.lnum <= last and (found.end_lnum or found.lnum) >= first end,
    vim.diagnostic.get(it.bufnr)
  )
  if #there == 0 then return client.warn("no diagnostics on these lines; try :%Pilotlight fix") end
  local encoding = it.server.offset_encoding
  client.execute(it.server, "pilotlight.fix", {
    uri = place.uri,
    range = range.lines(it.bufnr, first + 1, last + 1, encoding),
    diagnostics = diagnostics.to_lsp(it.bufnr, there, encoding),
  }, it.bufnr)
end

--- What waits for the user's word.
local function decide(name)
  return function(it) require("pilotlight.proposal").decide(it.server, name) end
end

local function trust(it)
  client.execute(it.server, "pilotlight.trust", { uri = vim.uri_from_bufnr(it.bufnr) }, it.bufnr, function(answer)
    local needed = answer.needed and "%s may be sent from now on" or "%s needs no consent: the provider is on this machine"
    vim.notify("pilotlight: " .. needed:format(vim.fn.fnamemodify(answer.root, ":~")))
  end)
end

--- A command about the session instead of a file.
local function about_session(name, on_result)
  return function(it) client.execute(it.server, name, {}, nil, on_result) end
end

---@type table<string, { run: fun(it: pilotlight.Invocation), needs_file?: boolean }>
local SUBCOMMANDS = {
  edit = { needs_file = true, run = with_words("pilotlight.edit", "instruction") },
  ask = { needs_file = true, run = with_words("pilotlight.ask", "question") },
  finish = { needs_file = true, run = finish },
  fix = { needs_file = true, run = fix },
  implement = { needs_file = true, run = at_place("pilotlight.implement") },
  document = { needs_file = true, run = at_place("pilotlight.document") },
  test = { needs_file = true, run = at_place("pilotlight.test") },
  simplify = { needs_file = true, run = at_place("pilotlight.simplify") },
  apply = { run = decide("pilotlight.apply") },
  discard = { run = decide("pilotlight.discard") },
  trust = { needs_file = true, run = trust },
  cancel = { run = about_session("pilotlight.cancel") },
  reset = { run = about_session("pilotlight.reset") },
  status = {
    run = about_session("pilotlight.status", function(status) require("pilotlight.status").show_status(status) end),
  },
  receipts = {
    run = about_session("pilotlight.receipts", function(receipts) require("pilotlight.status").show_receipts(receipts) end),
  },
}

---@param opts table as nvim_create_user_command() hands them over
function M.run(opts)
  local name, words = opts.args:match("^(%S+)%s*(.-)%s*$")
  local subcommand = SUBCOMMANDS[name]
  if not subcommand then
    return client.warn(("no subcommand %q; there are %s"):format(name, table.concat(M.complete("", "Pilotlight "), ", ")))
  end
  local server = subcommand.needs_file and client.of_buffer(0) or not subcommand.needs_file and client.any()
  if not server then return client.warn("not attached to this buffer; :checkhealth pilotlight says why") end
  subcommand.run({ server = server, bufnr = vim.api.nvim_get_current_buf(), opts = opts, words = words })
end

--- Completes the subcommand only: what follows it is free text.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  if not line:match("Pilotlight!?%s+%S*$") then return {} end
  local names = vim.tbl_filter(function(name) return vim.startswith(name, lead) end, vim.tbl_keys(SUBCOMMANDS))
  table.sort(names)
  return names
end

return M
