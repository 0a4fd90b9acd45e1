-- Jobs: work over many items or agents, done in bounded batches by timers while routing goes on.
-- A job is a timer that sets itself again until it is through; starting it anew begins at the front.

local jobs = {}

local AGENTS_AT_ONCE = 50
local ITEMS_AT_ONCE = 50

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

-- Match the items of a queue's signatures from the front: they may be handed out again.
function jobs.match_queue(board, queue)
  for _, id in ipairs(redis.call('SMEMBERS', keys.queue_signatures(board, queue))) do
    timers.alarm(board, board.now, 'match', id)
  end
end

timers.on.match = function(board, id)
  local key = keys.waiting(board, id)
  for _ = 1, ITEMS_AT_ONCE do
    local head = redis.call('ZRANGE', key, 0, 0)[1]
    if not head then
      return
    end
    local item = items.read(board, head)
    if not matching.hand_out(board, item) then
      return
    end
  end
  timers.alarm(board, board.now, 'match', id)
end

-- Find the waiting items of a queue whose requirement has changed with the configuration.
function jobs.sign_again(board, queue)
  for _, id in ipairs(redis.call('SMEMBERS', keys.queue_signatures(board, queue))) do
    timers.alarm(board, board.now, 'sign', id, '')
  end
end

-- From the back, so that items which leave meanwhile hide none from us.
timers.on.sign = function(board, id, place)
  local key = keys.waiting(board, id)
  local stop = tonumber(place) or redis.call('ZCARD', key)
  local start = math.max(stop - ITEMS_AT_ONCE, 0)
  if stop == 0 then
    return
  end
  for _, item_id in ipairs(redis.call('ZRANGE', key, start, stop - 1)) do
    local item = items.read(board, item_id)
    if requirements.signature(board, item) ~= item.signature then
      lines.leave(board, item)
      requirements.sign(board, item)
      matching.place(board, item)
    end
  end
  if start > 0 then
    timers.alarm(board, board.now, 'sign', id, string.format('%d', start))
  end
end
