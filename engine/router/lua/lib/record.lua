-- Records: hashes of which a call reads the fields it always needs at once, the others when they are
-- asked for, and writes what differs. Fields that are 0 or '' are not stored. A function that
-- refuses writes nothing.

local record = {}

-- A record's own notes, under a name that no field has: its key, kind, what was found, what was asked for.
local NOTES = 1
local UNKNOWN = {}

local function ask(now, name)
  local notes = now[NOTES]
  local value = fields.value(name, redis.call('HGET', notes.key, name))
  notes.asked = notes.asked or {}
  notes.asked[name] = value
  rawset(now, name, value)
  return value
end

-- A field that is neither read at once nor was asked for is written: whether it differs is not known.
local function put(now, name, value)
  local notes = now[NOTES]
  notes.asked = notes.asked or {}
  notes.asked[name] = UNKNOWN
  rawset(now, name, value)
end

local STORED = { __index = ask, __newindex = put }
local NEW = { __index = function(_, name) return fields.value(name, nil) end }

-- Return the record at `key` as a table, or nil.
function record.read(board, key, kind)
  local known = board.records[key]
  if known ~= nil then
    return known or nil
  end
  local found = redis.call('HMGET', key, unpack(kind.names))
  if not found[1] then
    return nil
  end
  fields.read(kind, found)
  local now = kind.make(found)
  now[NOTES] = { key = key, names = kind.names, found = found }
  board.records[key] = setmetatable(now, STORED)
  return now
end

-- Put a new record at `key`, where none is (or where one was dropped in this call).
function record.create(board, key, now)
  now[NOTES] = { key = key, replaces = board.dropped[key] }
  board.dropped[key] = nil
  board.records[key] = setmetatable(now, NEW)
  return now
end

-- Put `now` in place of whatever is at `key`.
function record.replace(board, key, now)
  record.create(board, key, now)
  now[NOTES].replaces = true
  return now
end

function record.drop(board, key)
  board.records[key], board.dropped[key] = false, true
end

-- Return the names and values that differ from what is stored.
local function differences(now, notes)
  local changes, count = {}, 0
  local function note(name, value)
    changes[count + 1], changes[count + 2] = name, value -- 17 digits: exact below 2^53
    count = count + 2
  end
  local names, found = notes.names, notes.found
  if not names then
    for name, value in pairs(now) do
      if name ~= NOTES and value ~= '' and value ~= 0 then
        note(name, value)
      end
    end
    return changes
  end
  for i = 1, #names do
    local value = now[names[i]]
    if value ~= found[i] then
      note(names[i], value)
    end
  end
  for name, value in pairs(notes.asked or {}) do
    if now[name] ~= value then
      note(name, now[name])
    end
  end
  return changes
end

local function save(now)
  local notes = now[NOTES]
  local changes = differences(now, notes)
  if notes.replaces then
    redis.call('UNLINK', notes.key)
  end
  if changes[1] then
    redis.call('HSET', notes.key, unpack(changes))
  end
end

function record.save(board)
  for key in pairs(board.dropped) do
    redis.call('UNLINK', key)
  end
  for _, now in pairs(board.records) do
    if now then
      save(now)
    end
  end
end
