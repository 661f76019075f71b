-- Neovim's side of the tests: does what a user does with Neovim's own language client, when it is told to.
--
-- It connects to the socket named in EDITOR_SOCKET and answers each line {"id", "method", "args"} with {"id", "result"}
-- or {"id", "error"}. Only what a user would see and click is stood in for: vim.ui.select, vim.notify.

local loop = vim.uv or vim.loop
local PATIENCE = 10000
local did = {}

local wanted, offered
local said = {}

vim.ui.select = function(items, options, chosen)
  offered = {}
  local found
  for _, item in ipairs(items) do
    local title = options.format_item(item)
    table.insert(offered, title)
    if wanted and title == wanted then
      found = item
    end
  end
  chosen(found)
end

vim.notify = function(message, level)
  table.insert(said, { text = tostring(message), level = level })
  if message == 'No code actions available' then
    offered = {}
  end
end

local function until_true(what, seconds)
  local held, reason = vim.wait(seconds or PATIENCE, what, 5)
  return held, reason
end

local function client()
  for _, each in pairs((vim.lsp.get_clients or vim.lsp.get_active_clients)()) do
    if each.name == 'signoff' and each.initialized then
      return each
    end
  end
end

local function request(method, params)
  local one, answer = client(), nil
  local function answered(failure, result)
    answer = { failure = failure, result = result }
  end
  if vim.fn.has('nvim-0.11') == 1 then
    one:request(method, params, answered)
  else
    one.request(method, params, answered)
  end
  assert(until_true(function()
    return answer ~= nil
  end), 'no answer to ' .. method)
  if answer.failure then
    error(answer.failure.message)
  end
  return answer.result
end

-- Shows the file in the window, as :edit does, but keeps what is not saved.
local function visit(path, line)
  local buffer = vim.fn.bufnr('^' .. path .. '$')
  if buffer > 0 then
    vim.cmd('buffer ' .. buffer)
  else
    vim.cmd('edit ' .. vim.fn.fnameescape(path))
  end
  if line then
    vim.api.nvim_win_set_cursor(0, { math.min(line + 1, vim.api.nvim_buf_line_count(0)), 0 })
  end
  return vim.api.nvim_get_current_buf()
end

local function keys(typed)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(typed, true, false, true), 'xt', false)
end

function did.ready()
  return client() ~= nil
end

function did.open(args)
  visit(args.path)
  return true
end

function did.text(args)
  local buffer = visit(args.path)
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), '\n')
  return vim.bo[buffer].endofline and text .. '\n' or text
end

function did.modified(args)
  return vim.bo[visit(args.path)].modified
end

function did.diagnostics(args)
  local found = {}
  for _, each in ipairs(vim.diagnostic.get(visit(args.path))) do
    if each.source == 'signoff' then
      local lsp = each.user_data and each.user_data.lsp or {}
      table.insert(found, {
        line = each.lnum,
        message = each.message,
        severity = each.severity,
        code = each.code or lsp.code,
        data = lsp.data,
      })
    end
  end
  return found
end

-- The titles in the menu that `ask` brings up; picks `title` if there is one.
local function choose(title, ask)
  wanted, offered = title, nil
  ask()
  assert(until_true(function()
    return offered ~= nil
  end), 'no answer to the code action request')
  return offered
end

local function menu(args)
  visit(args.path, args.line)
  return choose(args.title, vim.lsp.buf.code_action)
end

did.actions = menu
did.act = menu

-- The menu that the user's own keys bring up.
function did.menu(args)
  return choose(args.title, function()
    keys(args.keys)
  end)
end

-- What a linter that is no language server reports.
function did.lint(args)
  local found = { lnum = args.line, col = 0, message = args.message, severity = vim.diagnostic.severity.WARN, source = 'lint' }
  vim.diagnostic.set(vim.api.nvim_create_namespace('lint'), visit(args.path, args.line), { found })
  return true
end

function did.hover(args)
  visit(args.path, args.line)
  vim.lsp.buf.hover()
  local shown
  until_true(function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        shown = window
      end
    end
    return shown ~= nil
  end)
  if not shown then
    return vim.NIL
  end
  local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(shown), 0, -1, false), '\n')
  vim.api.nvim_win_close(shown, true)
  return text
end

function did.command(args)
  return request('workspace/executeCommand', { command = 'signoff.' .. args.name, arguments = { args.argument } })
end

function did.type(args)
  visit(args.path, args.line)
  local line = vim.api.nvim_get_current_line()
  if args.column >= vim.fn.strchars(line) then
    keys('A' .. args.text .. '<Esc>')
  else
    vim.api.nvim_win_set_cursor(0, { args.line + 1, vim.fn.byteidx(line, args.column) })
    keys('i' .. args.text .. '<Esc>')
  end
  return true
end

function did.erase(args)
  visit(args.path, args.line)
  keys('dd')
  return true
end

function did.undo(args)
  visit(args.path)
  keys('u')
  return true
end

function did.redo(args)
  visit(args.path)
  keys('<C-r>')
  return true
end

function did.save(args)
  visit(args.path)
  vim.cmd('silent write')
  return true
end

function did.discard(args)
  visit(args.path)
  vim.cmd('edit!')
  return true
end

-- Runs an Ex command of the page.
function did.run(args)
  vim.cmd(args.command)
  return true
end

-- Answers the next vim.ui.input with the words.
function did.answer(args)
  vim.ui.input = function(_, done)
    done(args.words)
  end
  return true
end

function did.press(args)
  keys(args.keys)
  return true
end

function did.cursor(args)
  if args.line then
    visit(args.path, args.line)
  end
  local at = vim.api.nvim_win_get_cursor(0)
  return { path = vim.api.nvim_buf_get_name(0), line = at[1] - 1, column = at[2] }
end

function did.said()
  return said
end

function did.about()
  local version, one = vim.version(), client()
  return {
    version = ('%d.%d.%d'):format(version.major, version.minor, version.patch),
    encoding = one and one.offset_encoding,
  }
end

local socket = loop.new_pipe(false)

local function serve(line)
  local asked = vim.json.decode(line)
  local held, result = xpcall(did[asked.method], debug.traceback, asked.args)
  local answer = { id = asked.id, [held and 'result' or 'error'] = result == nil and vim.NIL or result }
  if held and type(result) == 'table' and next(result) == nil then
    answer.result = vim.empty_dict()
  end
  socket:write(vim.json.encode(answer) .. '\n')
end

local rest = ''
socket:connect(os.getenv('EDITOR_SOCKET'), function(failure)
  assert(not failure, failure)
  socket:read_start(function(_, chunk)
    rest = rest .. (chunk or '')
    local from, to = rest:match('^(.-)\n(.*)$')
    while from do
      rest = to
      local line = from
      vim.schedule(function()
        serve(line)
      end)
      from, to = rest:match('^(.-)\n(.*)$')
    end
  end)
end)
