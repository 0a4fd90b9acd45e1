-- Timers: 'kind|subject' or 'kind|subject|more'. Those set with `set` are due by running time
-- (offers, leases, graces, wrap-ups), those set with `alarm` by real time (ages, appointments).
-- Whoever sets one names its handler in `timers.on`; run_timers calls it once the time has come. What takes
-- longer than most says so in `timers.cost`.

local timers = { on = {}, cost = {} }

local function name(kind, subject, more)
  return more and kind .. '|' .. subject .. '|' .. more or kind .. '|' .. subject
end

function timers.set(board, deadline, kind, subject, more)
  later.put(keys.timers(board), name(kind, subject, more), deadline)
end

function timers.clear(board, kind, subject, more)
  later.put(keys.timers(board), name(kind, subject, more), false)
end

function timers.is_set(board, kind, subject)
  return later.score(keys.timers(board), name(kind, subject)) and true or false
end

function timers.alarm(board, moment, kind, subject, more)
  local member = name(kind, subject, more)
  board.cache.alarms[member] = nil
  later.put(keys.alarms(board), member, moment)
end

-- The same, unless it is to come earlier already, which is remembered while nobody else writes.
function timers.alarm_by(board, moment, kind, subject)
  local member, key = name(kind, subject), keys.alarms(board)
  local known = board.cache.alarms[member]
  if known and moment >= known then
    return
  end
  known = known or later.score(key, member) -- false: none is set
  moment = known and math.min(known, moment) or moment
  later.put(key, member, moment)
  board.cache.alarms[member] = moment
end

function timers.disarm(board, kind, subject, more)
  local member = name(kind, subject, more)
  board.cache.alarms[member] = nil
  later.put(keys.alarms(board), member, false)
end

local function is_due(board, key, time)
  return redis.call('ZRANGEBYSCORE', key, '-inf', time, 'LIMIT', 0, 1)[1] ~= nil
end

-- Handle what is due, up to `budget`; return what it cost.
local function run(board, key, time, budget)
  local spent = 0
  later.save()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', time, 'LIMIT', 0, budget)) do
    local deadline = spent < budget and later.score(key, member)
    if deadline and deadline <= time then -- else cleared or set anew by this batch
      later.put(key, member, false)
      board.cache.alarms[member] = nil
      local kind, subject, more = string.match(member, '^([^|]*)|([^|]*)|?(.*)$')
      timers.on[kind](board, subject, more)
      spent = spent + (timers.cost[kind] or 1)
    end
  end
  return spent
end

-- Handle due timers and alarms up to a budget; return the budget where there is more to do at once.
function timers.run(board, budget)
  local spent = run(board, keys.timers(board), board.running, budget)
  spent = spent + run(board, keys.alarms(board), board.now, math.max(budget - spent, 1))
  later.save()
  local more = is_due(board, keys.timers(board), board.running) or is_due(board, keys.alarms(board), board.now)
  return more and budget or math.min(spent, budget - 1)
end
