-- Hashes read once per call, changed as tables, and written back as differences when the function
-- succeeds. A function that refuses writes nothing, whatever it computed.

local record = {}

local NUMBERS = {
  epoch = 1, seq = 1, assignment = 1, clock = 1, stopped = 1, tick = 1, -- meta
  since = 1, idle = 1, misses = 1, offers = 1, connections = 1, -- agent
  rank = 1, priority = 1, age = 1, waiting = 1, created = 1, enqueued = 1, accepted = 1, -- item
  last_assignment = 1, weight = 1, deadline = 1,
}

local COLON = 58

-- Besides the names above: n:<channel> and u:<channel>, items and units an agent holds.
local function is_number(field)
  return NUMBERS[field] or string.byte(field, 2) == COLON
end

-- Return the record at `key` as a table, or nil.
function record.read(board, key)
  local entry = board.records[key]
  if entry then
    return entry.now
  end
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then
    return nil
  end
  local was, now = {}, {}
  for i = 1, #flat, 2 do
    local value = is_number(flat[i]) and tonumber(flat[i + 1]) or flat[i + 1]
    was[flat[i]], now[flat[i]] = value, value
  end
  board.records[key] = { was = was, now = now }
  return now
end

-- Put a new record at `key`, where none is.
function record.create(board, key, fields)
  board.records[key] = { was = {}, now = fields }
  return fields
end

-- Put `fields` in place of whatever is at `key`.
function record.replace(board, key, fields)
  board.records[key] = { was = {}, now = fields, replaces = true }
  return fields
end

function record.save(board)
  for key, entry in pairs(board.records) do
    local changes = {}
    for field, value in pairs(entry.now) do
      if entry.was[field] ~= value then
        changes[#changes + 1] = field
        changes[#changes + 1] = value -- numbers are written with 17 digits, exact below 2^53
      end
    end
    if entry.replaces then
      redis.call('DEL', key)
    end
    if #changes > 0 then
      redis.call('HSET', key, unpack(changes))
    end
  end
end
