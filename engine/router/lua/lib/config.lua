-- What the organisation configured, as configure_board wrote it; decoded once per version. What a
-- supervisor or the hours make of a queue (its condition) changes without a new version.

local config = {}

local function read(board, field)
  local known = board.cache.config[field]
  if known == nil then
    local text = redis.call('HGET', keys.config(board), field)
    known = text and cjson.decode(text) or false
    board.cache.config[field] = known
  end
  return known or nil
end

-- The same of one kind ('queue'), which is remembered by key.
local function read_of(board, kind, key)
  local all = board.cache.config[kind]
  if not all then
    all = {}
    board.cache.config[kind] = all
  end
  local known = all[key]
  if known == nil then
    known = read(board, kind .. ':' .. key) or false
    all[key] = known
  end
  return known or nil
end

function config.settings(board) return read(board, 'settings') end

-- A queue that was removed keeps its last configuration and the mark `removed`.
function config.queue(board, key)
  local all = board.cache.config.queue -- asked for most often of all
  return all and all[key] or read_of(board, 'queue', key)
end

function config.status(board, key) return read_of(board, 'status', key) end

function config.profile(board, key) return read_of(board, 'profile', key) end

-- Return the rules of a kind of work: keep (stays with a lost agent), refusable.
function config.kind(board, channel)
  local kinds = config.settings(board).kinds
  return kinds and kinds[channel] or { keep = false, refusable = true }
end

-- Begin a new version: what every server remembers of the old one is forgotten.
function config.renew(board)
  board.meta.version = board.meta.version + 1
  board.cache.version, board.cache.config = board.meta.version, {}
  board.cache.mixed, board.cache.plain = {}, {}
end

-- Forget what is remembered of a field.
function config.forget(board, field)
  board.cache.config[field] = nil
  board.cache.config[string.match(field, '^(%a+):') or field] = nil
end

function config.write(board, field, value)
  config.forget(board, field)
  board.cache.config[field] = value
  redis.call('HSET', keys.config(board), field, cjson.encode(value))
end

-- Return the queue's condition: mode ('open', 'paused', 'draining'), whether its hours are over, and
-- the estimated wait in milliseconds (0 = unknown).
function config.condition(board, key)
  if board.meta.conditions == 0 then
    return 'open', false, 0
  end
  local found = redis.call('HMGET', keys.conditions(board), 'mode:' .. key, 'closed:' .. key, 'estimate:' .. key)
  return found[1] or 'open', found[2] == '1', tonumber(found[3] or 0)
end

-- Paused queues are named in meta, which every call reads.
function config.paused(board, key)
  return string.find(board.meta.paused, ',' .. key .. ',', 1, true) ~= nil
end

function config.set_paused(board, key, paused)
  local meta = board.meta
  local start, stop = string.find(meta.paused, ',' .. key .. ',', 1, true)
  if paused and not start then
    meta.paused = meta.paused .. ',' .. key .. ','
  elseif start and not paused then
    meta.paused = string.sub(meta.paused, 1, start - 1) .. string.sub(meta.paused, stop + 1)
  end
end
