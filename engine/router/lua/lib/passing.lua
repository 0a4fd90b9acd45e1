-- Decline memory: an agent is passed over for an item for a while. The end of it is a timer that matches
-- again; it is enough to settle the agent, since only this pair can have become possible.

local passing = {}

local LEAST_MS = 100 -- never a tight loop

-- Pass the agent over for the item, which stands in no line. If it was held for him, it is no longer.
function passing.over(board, item, agent, memory)
  local wait = math.max(memory or config.queue(board, item.queue).decline_memory, LEAST_MS)
  if redis.call('SADD', keys.passed(board, item.id), agent.id) == 1 then
    redis.call('SADD', keys.refused(board, agent.id), item.id)
    item.passed, agent.refused = item.passed + 1, agent.refused + 1
    board.meta.passed = board.meta.passed + 1
  end
  timers.set(board, board.running + wait, 'memory', item.id, agent.id)
  if item.holder == agent.id or item.asks ~= '' and item.preferred_agent == agent.id then
    holds.drop(item)
  end
end

-- Pass the agent over for as long as the item is on the board: he asked for it himself.
function passing.exclude(board, item, agent_id)
  local agent = agents.read(board, agent_id)
  if agent then
    passing.over(board, item, agent)
    timers.clear(board, 'memory', item.id, agent.id)
  end
end

function passing.forget(board, item_id, agent_id)
  if redis.call('SREM', keys.passed(board, item_id), agent_id) == 1 then
    board.meta.passed = board.meta.passed - 1
    redis.call('SREM', keys.refused(board, agent_id), item_id)
    local item, agent = items.read(board, item_id), agents.read(board, agent_id)
    if item then
      item.passed = item.passed - 1
    end
    if agent then
      agent.refused = agent.refused - 1
    end
  end
end

timers.on.memory = function(board, item_id, agent_id)
  passing.forget(board, item_id, agent_id)
  matching.settle(board, agents.read(board, agent_id))
end
