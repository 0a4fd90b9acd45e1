-- Timers: 'kind|subject' or 'kind|subject|more'. Those set with `set` are due by running time
-- (offers, leases, graces, wrap-ups), those set with `alarm` by real time (ages, appointments).
-- Whoever sets one names its handler in `timers.on`; run_timers calls it once the time has come.

local timers = { on = {} }

local function name(kind, subject, more)
  return more and kind .. '|' .. subject .. '|' .. more or kind .. '|' .. subject
end

function timers.set(board, deadline, kind, subject, more)
  redis.call('ZADD', keys.timers(board), deadline, name(kind, subject, more))
end

function timers.clear(board, kind, subject, more)
  redis.call('ZREM', keys.timers(board), name(kind, subject, more))
end

function timers.is_set(board, kind, subject)
  return redis.call('ZSCORE', keys.timers(board), name(kind, subject)) and true or false
end

function timers.alarm(board, moment, kind, subject, more)
  redis.call('ZADD', keys.alarms(board), moment, name(kind, subject, more))
end

-- The same, unless it is to come earlier already.
function timers.alarm_by(board, moment, kind, subject, more)
  redis.call('ZADD', keys.alarms(board), 'LT', moment, name(kind, subject, more))
end

function timers.disarm(board, kind, subject, more)
  redis.call('ZREM', keys.alarms(board), name(kind, subject, more))
end

local function run(board, key, time, limit)
  local due = redis.call('ZRANGEBYSCORE', key, '-inf', time, 'LIMIT', 0, limit)
  for _, member in ipairs(due) do
    local deadline = redis.call('ZSCORE', key, member)
    if deadline and tonumber(deadline) <= time then -- else cleared or set anew by this batch
      redis.call('ZREM', key, member)
      local kind, subject, more = string.match(member, '^([^|]*)|([^|]*)|?(.*)$')
      timers.on[kind](board, subject, more)
    end
  end
  return #due
end

-- Handle up to `limit` due timers and alarms; return how many were found: the limit where there is more to
-- do at once, as jobs go on.
function timers.run(board, limit)
  local count = run(board, keys.timers(board), board.running, limit)
  count = count + run(board, keys.alarms(board), board.now, math.max(limit - count, 1))
  local left = redis.call('ZRANGEBYSCORE', keys.alarms(board), '-inf', board.now, 'LIMIT', 0, 1)[1]
  return left and math.max(count, limit) or count
end
