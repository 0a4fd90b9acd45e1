-- Steps that several transitions share: check a command's fencing number, take an item from its
-- agent, end the contact, close.

local work = {}

-- Return item and agent for a command on `assignment`, or nil, nil and why it is refused.
-- `repeats` are the states and last answers that show that the command had its effect before.
function work.check(board, ids, state, repeats)
  local item, agent = items.read(board, ids.item), agents.read(board, ids.agent)
  if not item then
    return nil, nil, OUTCOME.unknown_item
  elseif not agent then
    return nil, nil, OUTCOME.unknown_agent
  end
  local assignment = tonumber(ids.assignment)
  if not assignment or assignment < 1 then
    return nil, nil, OUTCOME.invalid
  elseif item.assignment == assignment then
    if item.agent ~= agent.id then
      return nil, nil, OUTCOME.not_yours
    elseif item.state == state then
      return item, agent
    end
    return nil, nil, repeats[item.state] and OUTCOME.repeated or OUTCOME.wrong_state
  elseif item.last_assignment == assignment and repeats[item.last_answer] then
    return nil, nil, item.last_agent == agent.id and OUTCOME.repeated or OUTCOME.not_yours
  end
  return nil, nil, OUTCOME.stale_assignment
end

-- Take the item from its agent and return him; `answer` says how the assignment ended. The caller
-- has reported it already, and says next where item and agent go.
function work.release(board, item, answer)
  local agent = agents.read(board, item.agent)
  capacity.release(board, agent, item)
  items.count(board, item, -1)
  if item.state == STATE.offered then
    agent.offers = agent.offers - 1
    timers.clear(board, 'offer', item.id)
  elseif item.state == STATE.wrapup then
    timers.clear(board, 'wrapup', item.id)
  end
  item.last_assignment, item.last_agent, item.last_answer = item.assignment, agent.id, answer
  item.agent, item.assignment, item.weight, item.deadline = '', 0, 0, 0
  return agent
end

-- Begin to wait again, with the same rank: every clock goes on.
function work.requeue(board, item)
  if item.waiting == 0 then
    item.waiting = board.now
  end
  matching.place(board, item)
end

local TOMBSTONE_MS = 3600000

-- Close the item, which no agent holds and which stands in no line. A tombstone stays, so that late
-- repeats are told so; it outlives the sweep of pending items.
function work.close(board, item)
  for _, agent_id in ipairs(redis.call('SMEMBERS', keys.passed(board, item.id))) do
    matching.forget(board, item.id, agent_id)
    timers.clear(board, 'memory', item.id, agent_id)
  end
  redis.call('ZADD', keys.tombstones(board), board.now + TOMBSTONE_MS, item.id)
  record.replace(board, keys.item(board, item.id), {
    id = item.id, state = STATE.closed, queue = item.queue, agent = '', assignment = 0,
    last_assignment = item.last_assignment, last_agent = item.last_agent,
    last_answer = item.last_answer,
  })
end

-- The contact of an active item is over: wrap-up begins, or is over at once where there is none.
-- Return whether the item is closed; then its agent is to be settled.
function work.end_contact(board, item, reason)
  events.item(board, EVENT.ended, item, { reason = reason })
  items.become(board, item, STATE.wrapup)
  local wrapup = config.queue(board, item.queue).wrapup
  if wrapup > 0 then
    item.deadline = board.running + wrapup
    timers.set(board, item.deadline, 'wrapup', item.id)
    return false
  end
  work.finish(board, item, 'no-wrap-up')
  return true
end

-- Wrap-up is over: close the item and return its agent, to be settled by the caller.
function work.finish(board, item, reason)
  events.item(board, EVENT.closed, item, { reason = reason })
  local agent = work.release(board, item, 'finished')
  agent.idle = board.now
  work.close(board, item)
  return agent
end

-- Take an offer back without a miss; the item waits on.
function work.rescind(board, item, reason)
  events.item(board, EVENT.rescinded, item, { reason = reason })
  work.release(board, item, 'rescinded')
  work.requeue(board, item)
end
