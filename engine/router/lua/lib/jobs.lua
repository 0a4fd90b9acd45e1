-- Jobs: work over many items or agents, done in bounded batches by timers while routing goes on.
-- A job is a timer that sets itself again until it is through; starting it anew begins at the front.

local jobs = {}

local AGENTS_AT_ONCE = 20
local ITEMS_AT_ONCE = 20

-- Half of what one call should do.
timers.cost.settle, timers.cost.match, timers.cost.sign = 12, 12, 12

-- Settle all agents: a demand is new, or the whole board has come back.
function jobs.settle_agents(board)
  timers.alarm(board, board.now, 'settle', 'agents', '')
end

timers.on.settle = function(board, subject, after)
  local page = agents.page(board, after, AGENTS_AT_ONCE)
  for _, id in ipairs(page) do
    local agent = agents.read(board, id)
    presence.start_grace(board, agent)
    matching.settle(board, agent)
  end
  if #page == AGENTS_AT_ONCE then
    timers.alarm(board, board.now, 'settle', subject, page[#page])
  end
end

-- Match what waits in a queue's line, the best first: it may be handed out again. Who is left over is
-- found by settling all agents.
function jobs.match_queue(board, queue)
  timers.alarm(board, board.now, 'match', queue, '0')
  jobs.settle_agents(board)
end

-- `place` is how many at the front of the line are known to wait on. Of items that ask for the same, and
-- that nobody was passed over for, the first tells for all; not what is held for somebody.
timers.on.match = function(board, queue, place)
  local start, tried = tonumber(place), {}
  local ids = redis.call('ZRANGE', keys.line(board, queue), start, start + ITEMS_AT_ONCE - 1)
  for _, id in ipairs(ids) do
    local item = items.read(board, id)
    local waits = item.state == STATE.queued -- else somebody set free by those before it has it by now
    local speaks = item.holder == '' and item.passed == 0
    if waits and ((speaks and tried[item.signature]) or not matching.hand_out(board, item)) then
      start = start + 1
      tried[item.signature] = tried[item.signature] or speaks
    end
  end
  if #ids == ITEMS_AT_ONCE and not config.paused(board, queue) then
    timers.alarm(board, board.now, 'match', queue, string.format('%d', start))
  end
end

-- Find the waiting items of a queue whose requirement has changed with the configuration, the best first.
function jobs.sign_again(board, queue)
  timers.alarm(board, board.now, 'sign', queue, 'front 0')
end

-- Give the item, which waits, what it asks for now; return whether it waits on.
local function sign(board, item)
  local before = item.signature
  relaxation.catch_up(board, item)
  if item.signature == before then
    relaxation.watch(board, item)
    return true
  end
  local after = item.signature
  item.signature = before
  lines.leave(board, item)
  item.signature = after
  rooms.release(board, item, nil) -- whoever kept room for it may not fit now
  matching.place(board, item)
  return item.state == STATE.queued
end

-- Once from the front, then from the back, since items that leave meanwhile may hide others from us.
timers.on.sign = function(board, queue, place)
  local key = keys.line(board, queue)
  local way, number = string.match(place, '^(%a+) (%d+)$')
  local from_front, start = way == 'front', tonumber(number)
  local stop = from_front and start + ITEMS_AT_ONCE or start
  start = from_front and start or math.max(start - ITEMS_AT_ONCE, 0)
  local ids, kept = stop > 0 and redis.call('ZRANGE', key, start, stop - 1) or {}, 0
  for _, id in ipairs(ids) do
    local item = items.read(board, id)
    kept = kept + (item.state == STATE.queued and sign(board, item) and 1 or 0)
  end
  if from_front then
    local next_place = #ids == ITEMS_AT_ONCE and start + kept or redis.call('ZCARD', key)
    way = #ids == ITEMS_AT_ONCE and 'front' or 'back'
    timers.alarm(board, board.now, 'sign', queue, string.format('%s %d', way, next_place))
  elseif start > 0 then
    timers.alarm(board, board.now, 'sign', queue, string.format('back %d', start))
  end
end
