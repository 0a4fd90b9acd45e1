-- Presence: sockets with leases, statuses, and what becomes of an agent's work when he goes.

local presence = {}

local OPEN, GONE = 'open', 'gone'

-- Extend the lease of a connection, or open it; return whether the agent has just come. A
-- connection that was closed stays closed, so that a late heartbeat raises no ghost.
function presence.renew(board, agent, connection, reopen)
  local key = keys.connections(board, agent.id)
  local state = redis.call('HGET', key, connection)
  if state == GONE and not reopen then
    return false
  end
  local lease = config.settings(board).lease
  timers.set(board, board.running + lease, 'lease', agent.id, connection)
  if state == OPEN then
    return false
  end
  redis.call('HSET', key, connection, OPEN)
  agent.connections = agent.connections + 1
  if agent.connections > 1 then
    return false
  end
  timers.clear(board, 'grace', agent.id)
  return true
end

-- Close a connection if it is open; return whether it was the agent's last. Its name is kept until
-- its lease would have ended.
function presence.close(board, agent, connection)
  local key = keys.connections(board, agent.id)
  if redis.call('HGET', key, connection) ~= OPEN then
    return false
  end
  redis.call('HSET', key, connection, GONE)
  agent.connections = agent.connections - 1
  return agent.connections == 0
end

function presence.each_held(board, agent, state, step)
  for _, id in ipairs(agents.held(agent)) do
    local item = items.read(board, id)
    if item and item.state == state then -- a consult may have ended with the one before it
      step(item)
    end
  end
end

-- Take back without a miss what is offered to the agent; `keeps` says which channels he may keep.
function presence.rescind(board, agent, reason, keeps)
  presence.each_held(board, agent, STATE.offered, function(item)
    if not (keeps and keeps[item.channel]) then
      offers.take_back(board, item, agent.id, EVENT.rescinded, 'rescinded', { reason = reason })
      if item.state == STATE.queued then
        work.requeue(board, item)
      end
    end
  end)
end

-- Start the grace of an agent who is not connected, if there is anything to lose.
function presence.start_grace(board, agent)
  local settings = config.settings(board)
  local something = agent.status ~= settings.sign_out_status or agent.held ~= '' or agent.own > 0
  if agent.connections == 0 and something and not timers.is_set(board, 'grace', agent.id) then
    timers.set(board, board.running + settings.grace, 'grace', agent.id)
  end
end

-- The agent has come: report it and offer him work.
function presence.came(board, agent)
  events.presence(board, agent, 'connected')
  matching.settle(board, agent)
end

-- The agent's last connection is gone: his offers return at once, his chats after grace.
function presence.went(board, agent, reason)
  matching.withdraw(board, agent)
  rooms.give_up(board, agent)
  events.presence(board, agent, reason)
  presence.rescind(board, agent, reason)
  presence.start_grace(board, agent)
end

-- Change the status and report it; the caller settles the agent.
function presence.become(board, agent, status, reason)
  local from, to = config.status(board, agent.status), config.status(board, status)
  if to and to.kind == 'available' and not (from and from.kind == 'available') then
    agent.idle, agent.returning = board.now, 1 -- a break does not count as waiting for work
  end
  if from and from.kind == 'offline' then
    agent.handled = 0
  end
  if to and to.kind == 'offline' then
    holds.free_all(board, agent)
  end
  membership.change_status(board, agent, status)
  rooms.give_up(board, agent)
  agent.since, agent.misses = board.now, 0
  events.presence(board, agent, reason)
end
