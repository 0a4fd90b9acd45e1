-- Parking: an agent's work that waits for the customer holds no room of his, or a small weight of its
-- own, until the customer is back. How much an agent may have parked is bounded.

local parking = {}

local function terms_of(board, agent, channel)
  local profile = config.profile(board, agent.profile)
  return profile and profile.channels[channel] or {}
end

-- Return whether the agent may park one more item.
function parking.is_allowed(board, agent, channel)
  local most = terms_of(board, agent, channel).parked_maximum or 0
  return most == 0 or redis.call('ZCARD', keys.parked(board, agent.id)) < most
end

-- Put an active item aside; `item.agent` stays its agent. The caller reports it and settles him.
function parking.enter(board, item, agent)
  local weight = terms_of(board, agent, item.channel).parked_weight or 0
  agents.drop(agent, item)
  if weight > 0 then
    agents.take(agent, { id = item.id, channel = agents.PARKED }, weight)
  end
  redis.call('ZADD', keys.parked(board, agent.id), board.now, item.id)
  items.become(board, item, STATE.parked)
  item.last_assignment, item.last_agent, item.last_answer = item.assignment, agent.id, 'parked'
  item.assignment = 0
end

-- Take the item out of the parked ones; return its agent.
function parking.leave(board, item)
  local agent = agents.read(board, item.agent)
  agents.drop(agent, item)
  redis.call('ZREM', keys.parked(board, agent.id), item.id)
  items.count(board, item, -1)
  item.agent = ''
  return agent
end
