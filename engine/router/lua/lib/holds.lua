-- Holds: an item kept for one agent, because he is preferred (for a while, if he is signed in) or
-- required (until the queue's bound). It stands in his own line (`holder`) and goes before all others.

local holds = {}

local FREED_AT_ONCE = 20

-- While a board is rebuilt nobody's sockets are known yet; his status tells.
local function is_signed_in(board, agent)
  local status = config.status(board, agent.status)
  local connected = agent.connections > 0 or board.meta.state ~= 'open'
  return connected and status and status.kind ~= 'offline'
end

-- Say whether the agent can take the item that is held for him now.
function holds.can_take(board, item, agent)
  if not agent or capacity.not_ready(board, agent, item.channel, item.weight, item.id) then
    return false
  end
  return item.passed == 0 or redis.call('SISMEMBER', keys.passed(board, item.id), agent.id) == 0
end

-- Ask for an agent from now on; nothing is held until the item is placed.
function holds.ask(item, agent_id, required)
  item.preferred_agent, item.required, item.preferred_until = agent_id, required and 1 or 0, 0
  item.holder, item.asks = '', agent_id ~= '' and 'yes' or ''
end

-- Decide whether the item, which is about to wait, is held for the agent it asks for.
function holds.choose(board, item)
  if item.asks == '' then
    return
  end
  local agent = agents.read(board, item.preferred_agent)
  local queue = config.queue(board, item.queue)
  local wait = item.required == 1 and (queue.required_wait or 86400000) or queue.preferred_wait or 0
  local bounded = item.required == 0 or wait > 0
  if item.preferred_until == 0 and bounded then
    local spent = board.meta.state ~= 'open' and requirements.waited_here(board, item) or 0
    item.preferred_until = board.now + wait - spent
  end
  local over = bounded and board.now >= item.preferred_until
  local here = agent and (item.required == 1 or is_signed_in(board, agent))
  if here and (not over or holds.can_take(board, item, agent)) then
    item.holder = agent.id
    if bounded then
      timers.alarm(board, item.preferred_until, 'unhold', item.id)
    end
  else
    holds.drop(item)
  end
end

-- The hold is over: the item is for everybody.
function holds.drop(item)
  item.holder, item.asks = '', ''
end

local function set_free(board, item)
  lines.leave(board, item)
  holds.drop(item)
  relaxation.catch_up(board, item)
  matching.place(board, item)
end

timers.on.unhold = function(board, item_id)
  local item = items.read(board, item_id)
  if item and item.holder ~= '' and item.preferred_until <= board.now then
    if item.state == STATE.queued then
      set_free(board, item)
    else
      holds.drop(item)
    end
  end
end

-- Return the first item in the agent's own line that he can take now, or nil.
function holds.next(board, agent, demand_set)
  if agent.own == 0 then
    return nil
  end
  for _, id in ipairs(redis.call('ZRANGE', keys.own(board, agent.id), 0, FREED_AT_ONCE - 1)) do
    local item = items.read(board, id)
    if demand_set[demands.text(item.channel, item.weight)] or agent.reserved == id then
      if not config.paused(board, item.queue) and holds.can_take(board, item, agent) then
        return item
      end
    end
  end
  return nil
end

-- The agent signs out: what was kept for him and need not be goes to everybody.
function holds.free_all(board, agent)
  if agent.own > 0 then
    timers.alarm(board, board.now, 'free', agent.id)
  end
end

timers.on.free = function(board, agent_id)
  local agent = agents.read(board, agent_id)
  local freed = 0
  for _, id in ipairs(redis.call('ZRANGE', keys.own(board, agent_id), 0, -1)) do
    local item = items.read(board, id)
    if item.required == 0 and freed < FREED_AT_ONCE and not is_signed_in(board, agent) then
      set_free(board, item)
      freed = freed + 1
    end
  end
  if freed == FREED_AT_ONCE then
    timers.alarm(board, board.now, 'free', agent_id)
  end
end
