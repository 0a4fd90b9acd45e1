-- Records: keys whose text holds all fields of one, packed; the board's own stands in a hash, beside the
-- layout. A call reads each once and writes those that differ, all with one command. A function that
-- refuses writes nothing. A record's own notes: `_key`, `_kind`, and `_core`, as it is stored (false:
-- nothing is, it is new).

local record = {}

-- What this call has read or made by key (false: dropped), and the keys of what it has dropped.
local touched, dropped = {}, {}

local MOST_AT_ONCE = 200

local function clear(list)
  for key in pairs(list) do
    list[key] = nil
  end
end

-- Begin a call: nothing is touched yet.
function record.begin()
  clear(touched)
  clear(dropped)
end

-- Return the record at `key` as a table, or nil.
function record.read(key, kind)
  local known = touched[key]
  if known ~= nil then
    return known or nil
  end
  local now = recent.find(key)
  if now then
    touched[key] = now
    return now
  end
  local core = redis.call('GET', key)
  return core and record.unpack(key, kind, core) or nil
end

function record.unpack(key, kind, core)
  local now = kind.make(struct.unpack(kind.format, core))
  now._key, now._kind, now._core = key, kind, core
  touched[key] = now
  return now
end

-- Put a record at `key`, in place of whatever is there; a field that is not given is 0 or ''.
function record.create(key, kind, given)
  local now = kind.blank()
  for name, value in pairs(given) do
    now[name] = value
  end
  now._key, now._kind, now._core = key, kind, false
  dropped[key] = nil
  touched[key] = now
  return now
end

function record.drop(key)
  touched[key], dropped[key] = false, true
  recent.forget(key)
end

-- Forget what this call touched: it writes nothing, or failed half-way.
function record.forget()
  for key in pairs(touched) do
    recent.forget(key)
  end
  record.begin()
end

-- Give `command` the list, in parts; a part begins with a key.
local function in_parts(command, list)
  for start = 1, #list, MOST_AT_ONCE do
    redis.call(command, unpack(list, start, math.min(start + MOST_AT_ONCE - 1, #list)))
  end
end

local function write(key, now, list)
  if now._kind == fields.META then
    redis.call('HSET', key, 'core', now._packed)
  else
    list[#list + 1], list[#list + 2] = key, now._packed
  end
  now._core = now._packed
end

-- Write what was touched and differs, and remember it for the next call. All is packed before the first
-- write: what cannot be packed leaves every record as it was.
function record.save()
  local gone, new = {}, {}
  for _, now in pairs(touched) do
    if now then
      now._packed = now._kind.pack(now)
    end
  end
  for key in pairs(dropped) do
    gone[#gone + 1] = key
  end
  in_parts('UNLINK', gone)
  for key, now in pairs(touched) do
    if now then
      if now._packed ~= now._core then
        write(key, now, new)
      end
      recent.keep(key, now)
    end
  end
  in_parts('MSET', new)
end
