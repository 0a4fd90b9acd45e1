-- Steps that several transitions share: check a command's fencing number, begin, take an item from its
-- agent, end the contact, close.

local work = {}

-- Return item and agent for a command on `assignment`, or nil, nil and why it is refused.
-- `repeats` are the states and last answers that show that the command had its effect before.
function work.check(board, ids, state, repeats)
  local item, agent = items.read(board, ids.item), agents.read(board, ids.agent)
  local assignment = tonumber(ids.assignment)
  if not assignment or assignment < 1 then
    return nil, nil, OUTCOME.invalid
  elseif not agent then
    return nil, nil, OUTCOME.unknown_agent
  elseif not item then
    local closed = items.closed(board, ids.item)
    return nil, nil, closed and work.answered(closed.assignment, closed.agent, closed.answer, ids, repeats)
      or OUTCOME.unknown_item
  end
  local own = offers.number(item, agent.id)
  if own == assignment and item.state == state then
    return item, agent
  elseif own == assignment then
    return nil, nil, repeats[item.state] and OUTCOME.repeated or OUTCOME.wrong_state
  elseif item.assignment == assignment then
    return nil, nil, OUTCOME.not_yours
  end
  return nil, nil, work.answered(item.last_assignment, item.last_agent, item.last_answer, ids, repeats)
end

-- Return the outcome for a command on an assignment that is over.
function work.answered(assignment, agent, answer, ids, repeats)
  if assignment == tonumber(ids.assignment) and repeats[answer] then
    return agent == ids.agent and OUTCOME.repeated or OUTCOME.not_yours
  end
  return OUTCOME.stale_assignment
end

-- The agent has the item: offered → active, or by a number of its own where nothing was offered.
function work.begin(board, item, agent, data)
  timers.clear(board, 'offer', item.id, agent.id)
  if item.state == STATE.offered then
    if not data.auto then
      agent.offers = agent.offers - 1
    end
    item.assignment = offers.number(item, agent.id)
    items.count(board, item, -1)
  end
  items.stop_waiting(board, item)
  item.state, item.since, item.offered_to = STATE.active, board.now, ''
  items.count(board, item, 1)
  item.agent, item.accepted, item.deadline = agent.id, item.assignment, 0
  agent.misses, agent.idle, agent.handled = 0, board.now, agent.handled + 1
  data.waited_ms = item.age
  events.item(board, EVENT.accepted, item, data)
end

-- Put an item that stands in no line with the agent at once, room or not.
function work.hand_over(board, item, agent, data)
  board.meta.assignment = board.meta.assignment + 1
  item.agent, item.assignment = agent.id, board.meta.assignment
  capacity.hold(board, agent, item)
  rooms.release(board, item, agent)
  data.offered_ms = 0
  work.begin(board, item, agent, data)
end

-- Take the item from its agent and return him; `answer` says how the assignment ended. The caller
-- has reported it already, and says next where item and agent go.
function work.release(board, item, answer)
  local agent = agents.read(board, item.agent)
  agents.drop(agent, item)
  items.count(board, item, -1)
  if item.state == STATE.wrapup then
    timers.clear(board, 'wrapup', item.id)
  end
  item.last_assignment, item.last_agent, item.last_answer = item.assignment, agent.id, answer
  item.agent, item.assignment, item.deadline = '', 0, 0
  return agent
end

-- Begin to wait again, with the same rank: every clock goes on. What its queue asks for may have changed
-- while an agent had it.
function work.requeue(board, item)
  if item.waiting == 0 then
    item.waiting = board.now
  end
  relaxation.catch_up(board, item)
  matching.place(board, item)
end

-- Close the item, which no agent holds and which stands in no line, and the consults it asked for. What
-- is kept of it tells late repeats; it outlives the sweep of pending items.
function work.close(board, item)
  if item.passed > 0 then
    for _, agent_id in ipairs(redis.call('SMEMBERS', keys.passed(board, item.id))) do
      passing.forget(board, item.id, agent_id)
      timers.clear(board, 'memory', item.id, agent_id)
    end
  end
  rooms.release(board, item, nil)
  items.bury(board, item)
end

-- Take all offers of the item back without a miss; it waits on.
function work.rescind(board, item, reason)
  for _, offer in ipairs(offers.all(item)) do
    offers.take_back(board, item, offer.agent, EVENT.rescinded, 'rescinded', { reason = reason })
  end
  work.requeue(board, item)
end
