-- Records: hashes of which a call reads the fields it always needs at once, the others when they are
-- asked for, and writes what differs. Fields that are 0 or '' are not stored. A function that
-- refuses writes nothing.

local record = {}

-- Numbers among the fields of all kinds of record; what is not named here is text.
local NUMBERS = {
  epoch = true, seq = true, assignment = true, clock = true, stopped = true, tick = true,
  version = true, reign = true, made_cohorts = true, made_signatures = true, cohort = true,
  since = true, idle = true, misses = true, offers = true, connections = true, handled = true,
  refused = true, own = true, parked = true, pace = true, returning = true, rank = true,
  priority = true, age = true, waiting = true, segment = true, created = true, enqueued = true,
  accepted = true, deadline = true, passed = true, stage = true, due = true, weight = true,
  preferred_until = true, required = true, last_assignment = true, not_before = true,
  extensions = true, signature = true, conditions = true,
}

local function value_of(field, text)
  if NUMBERS[field] then
    return text and tonumber(text) or 0
  end
  return text or ''
end

-- Fields read at once, per kind. The first one is never empty: without it there is no record.
record.META = {
  'layout', 'epoch', 'state', 'seq', 'assignment', 'clock', 'stopped', 'tick', 'version', 'born',
  'reign', 'server', 'paused', 'made_signatures', 'conditions',
}
record.AGENT = {
  'id', 'cohort', 'profile', 'status', 'idle', 'misses', 'offers', 'connections', 'held',
  'ready', 'refused', 'own', 'handled', 'reserved', 'returning', 'pace',
}
record.ITEM = {
  'id', 'state', 'agent', 'assignment', 'queue', 'channel', 'signature', 'rank', 'age',
  'waiting', 'since', 'priority', 'passed', 'offered_to', 'stage', 'holder', 'asks', 'weight',
  'segment', 'children', 'preferred',
}

local function lazily(key, was)
  return { __index = function(fields, field)
    local value = value_of(field, redis.call('HGET', key, field))
    was[field] = value
    rawset(fields, field, value)
    return value
  end }
end

-- Return the record at `key` as a table, or nil.
function record.read(board, key, kind)
  local entry = board.records[key]
  if entry then
    return not entry.gone and entry.now or nil
  end
  local found = redis.call('HMGET', key, unpack(kind))
  if not found[1] then
    return nil
  end
  local was, now = {}, {}
  for i = 1, #kind do
    local field = kind[i]
    local value = value_of(field, found[i])
    was[field], now[field] = value, value
  end
  board.records[key] = { was = was, now = setmetatable(now, lazily(key, was)) }
  return now
end

local NOTHING_STORED = { __index = function(_, field) return NUMBERS[field] and 0 or '' end }

-- Put a new record at `key`, where none is.
function record.create(board, key, fields)
  local old = board.records[key]
  board.records[key] = {
    was = setmetatable({}, NOTHING_STORED), now = setmetatable(fields, NOTHING_STORED),
    replaces = old and (old.gone or old.replaces),
  }
  return fields
end

-- Put `fields` in place of whatever is at `key`.
function record.replace(board, key, fields)
  record.create(board, key, fields)
  board.records[key].replaces = true
  return fields
end

function record.drop(board, key)
  board.records[key] = { gone = true }
end

function record.save(board)
  for key, entry in pairs(board.records) do
    if entry.gone or entry.replaces then
      redis.call('UNLINK', key)
    end
    if not entry.gone then
      local was, changes, count = entry.was, {}, 0
      for field, value in pairs(entry.now) do
        if was[field] ~= value then
          changes[count + 1], changes[count + 2] = field, value -- 17 digits: exact below 2^53
          count = count + 2
        end
      end
      if count > 0 then
        redis.call('HSET', key, unpack(changes))
      end
    end
  end
end
