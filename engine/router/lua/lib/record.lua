-- Records: hashes of which a call reads the fields it always needs at once (`core`, a packed list), the
-- others when they are asked for, and writes what differs. A function that refuses writes nothing.

local record = {}

-- A record's own notes, under a name that no field has: key, kind, what was found, what was asked for.
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
  local packed = redis.call('HGET', key, 'core')
  return packed and record.unpack(board, key, kind, packed) or nil
end

function record.unpack(board, key, kind, packed)
  local found = cmsgpack.unpack(packed)
  local now = kind.make(found)
  now[NOTES] = { key = key, kind = kind, found = found }
  board.records[key] = setmetatable(now, STORED)
  return now
end

-- Put a new record at `key`, where none is (or where one was dropped in this call).
function record.create(board, key, kind, now)
  now[NOTES] = { key = key, kind = kind, replaces = board.dropped[key] }
  board.dropped[key] = nil
  board.records[key] = setmetatable(now, NEW)
  return now
end

-- Put `now` in place of whatever is at `key`.
function record.replace(board, key, kind, now)
  record.create(board, key, kind, now)
  now[NOTES].replaces = true
  return now
end

function record.drop(board, key)
  board.records[key], board.dropped[key] = false, true
end

-- Return the packed core when it differs from what is stored.
local function changed_core(now, notes)
  local names, found, list, differs = notes.kind.names, notes.found, {}, not notes.found
  for i = 1, #names do
    local value = now[names[i]]
    list[i] = value
    differs = differs or value ~= found[i]
  end
  return differs and cmsgpack.pack(list) or nil
end

-- Add the names and values of other fields that differ; 0 and '' need not be stored.
local function add_others(now, notes, changes)
  local function note(name, value)
    changes[#changes + 1], changes[#changes + 2] = name, value -- 17 digits: exact below 2^53
  end
  if notes.found then
    for name, value in pairs(notes.asked or {}) do
      if now[name] ~= value then
        note(name, now[name])
      end
    end
    return
  end
  for name, value in pairs(now) do
    if name ~= NOTES and not notes.kind.core[name] and value ~= '' and value ~= 0 then
      note(name, value)
    end
  end
end

local function save(now)
  local notes = now[NOTES]
  local core = changed_core(now, notes)
  local changes = core and { 'core', core } or {}
  add_others(now, notes, changes)
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
