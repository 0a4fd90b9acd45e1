-- Match items and agents, work-conserving: after every transition no queued item has an eligible agent. `place` gives
-- an item that begins to wait to the longest idle ready agent, `settle` gives an agent whose room or status changed his
-- best-ranked item: only the one or the other can have become possible. Among n + 1 at least one is not of n passed over.

local matching = {}

-- Put the agent into the ready sets of the given channels and out of all others.
function matching.index(board, agent, channels)
  local mark = agents.ready_mark(agent, channels)
  if mark == agent.ready then
    return
  end
  for _, signature in ipairs(redis.call('SMEMBERS', keys.qualified(board, agent.id))) do
    local channel = signatures.channel(signature)
    if channels[channel] then
      redis.call('ZADD', keys.ready(board, signature), agent.idle, agent.id)
    elseif agents.marked_ready(agent, channel) then
      redis.call('ZREM', keys.ready(board, signature), agent.id)
    end
  end
  agent.ready = mark
end

local function offer(board, item, agent, why)
  local meta, queue = board.meta, config.queue(board, item.queue)
  meta.assignment = meta.assignment + 1
  item.state, item.since = STATE.offered, board.now
  item.agent, item.assignment = agent.id, meta.assignment
  item.deadline = board.running + queue.offer_timeout
  capacity.hold(board, agent, item)
  agent.offers = agent.offers + 1
  items.count(board, item, 1)
  timers.set(board, item.deadline, 'offer', item.id)
  why.expires_ms = board.now + queue.offer_timeout
  events.item(board, EVENT.offered, item, why)
end

local function first_not_passed(sorted_set, passed, count)
  local list = redis.call('ZRANGE', sorted_set, 0, count, 'WITHSCORES')
  for i = 1, #list, 2 do
    if count == 0 or redis.call('SISMEMBER', passed, list[i]) == 0 then
      return list[i], tonumber(list[i + 1])
    end
  end
  return nil
end

-- Return the longest idle ready agent for the item, or nil, and how many are ready. Ready sets may be
-- behind a configuration that has just changed: who is not ready after all is taken out.
local function best_agent(board, item)
  local ready, passed = keys.ready(board, item.signature), keys.passed(board, item.id)
  local count = redis.call('SCARD', passed)
  while true do
    local id = first_not_passed(ready, passed, count)
    local agent = id and agents.read(board, id)
    if not agent or not capacity.not_ready(board, agent, item.channel) then
      return agent, redis.call('ZCARD', ready)
    end
    redis.call('ZREM', ready, id)
    matching.index(board, agent, capacity.ready_channels(board, agent))
  end
end

-- Offer a queued item that stands in no line, or line it up.
function matching.place(board, item)
  item.state, item.since = STATE.queued, board.now
  local agent, candidates = best_agent(board, item)
  if not agent then
    items.line_up(board, item)
    return
  end
  local idle = board.now - agent.idle
  offer(board, item, agent, { by = 'item', candidates = candidates, score = idle })
  matching.index(board, agent, {})
end

-- Return the best-ranked item for the agent among the channels, its rank and the heads seen.
local function best_item(board, agent, channels)
  local best, best_rank, heads = nil, nil, 0
  local refused = keys.refused(board, agent.id)
  local count = redis.call('SCARD', refused)
  for _, signature in ipairs(redis.call('SMEMBERS', keys.qualified(board, agent.id))) do
    if channels[signatures.channel(signature)] then
      local id, rank = first_not_passed(keys.waiting(board, signature), refused, count)
      heads = heads + (id and 1 or 0)
      if id and (not best or rank < best_rank or (rank == best_rank and id < best)) then
        best, best_rank = id, rank
      end
    end
  end
  return best, best_rank, heads
end

-- Offer the agent the best item he is ready for, or index for what he is ready.
function matching.settle(board, agent)
  local channels = capacity.ready_channels(board, agent)
  if next(channels) then
    local id, rank, heads = best_item(board, agent, channels)
    if id then
      local item = items.read(board, id)
      items.leave_line(board, item)
      offer(board, item, agent, { by = 'agent', candidates = heads, score = rank })
      channels = {}
    end
  end
  matching.index(board, agent, channels)
end

-- Pass the agent over for the item for a while; the end of it is a timer that matches again.
function matching.pass_over(board, item, agent)
  local memory = math.max(config.queue(board, item.queue).decline_memory, 100) -- never a tight loop
  redis.call('SADD', keys.passed(board, item.id), agent.id)
  redis.call('SADD', keys.refused(board, agent.id), item.id)
  timers.set(board, board.running + memory, 'memory', item.id, agent.id)
end

function matching.forget(board, item_id, agent_id)
  redis.call('SREM', keys.passed(board, item_id), agent_id)
  redis.call('SREM', keys.refused(board, agent_id), item_id)
end
