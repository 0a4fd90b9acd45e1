-- Recent records, unpacked: who reads one again soon need neither read nor unpack it, as long as nobody
-- else has written to the board meanwhile (`stamp`, of the board that is open). Two generations, each of a
-- bounded number.

local recent = {}

local MOST = 250
local young, old, count = {}, {}, 0

recent.stamp, recent.stamps = 0, 0

-- Return a stamp that nothing has yet.
function recent.new_stamp()
  recent.stamps = recent.stamps + 1
  return recent.stamps
end

function recent.find(key)
  local now = young[key] or old[key]
  return now and now._stamp == recent.stamp and now or nil
end

function recent.keep(key, now)
  now._stamp = recent.stamp
  if young[key] == nil then
    if count >= MOST then
      young, old, count = {}, young, 0
    end
    count = count + 1
  end
  young[key] = now
end

function recent.forget(key)
  if young[key] ~= nil then
    young[key], count = nil, count - 1
  end
  old[key] = nil
end
