-- Lua's collector, at a pace of its own. Valkey has it go on after every 50 calls, wherever it is, so that it
-- never rests: it marks and sweeps all that is remembered again for every few megabytes of garbage, and misses
-- the processor's cache at nearly each object. Here it rests until memory has grown by GROWTH, works a little
-- after each call until it is through, and rests again. Who calls something else starts it as ever.

local collector = {}

local GROWTH = 2
local LEAST = 16 -- KiB

local resting, wake_at, before = false, 0, 0

-- Go on after a call, as far as it has used memory.
function collector.go_on()
  local count = collectgarbage('count')
  if not resting or count >= wake_at then
    resting = collectgarbage('step', math.max(LEAST, math.floor(count - before)))
    count = collectgarbage('count')
    wake_at = count * GROWTH
  end
  before = count
  collectgarbage('stop')
end
