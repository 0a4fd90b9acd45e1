-- The end of a contact: wrap-up, and the consults that hung on it.

local contact = {}

-- A consult ends with the item that asked for it.
function contact.end_children(board, item, reason)
  for id in string.gmatch(item.children, '%S+') do
    local child = items.read(board, id)
    if child then
      contact.conclude(board, child, reason)
    end
  end
  if item.children ~= '' then
    item.children = ''
  end
end

-- The contact of an active item is over: wrap-up begins, or is over at once where there is none.
-- Return whether the item is closed; then its agent is to be settled.
function contact.finish_active(board, item, reason)
  contact.end_children(board, item, reason)
  events.item(board, EVENT.ended, item, { reason = reason })
  local queue = config.queue(board, item.queue)
  local timed = queue.wrapup > 0 and queue.wrapup_mode ~= 'none'
  if not timed and queue.wrapup_mode ~= 'manual' then
    contact.close(board, item, 'no-wrap-up')
    return true
  end
  items.become(board, item, STATE.wrapup)
  if timed then
    item.deadline = board.running + queue.wrapup
    timers.set(board, item.deadline, 'wrapup', item.id)
  end
  return false
end

-- Wrap-up is over: close the item and return its agent, to be settled by the caller.
function contact.close(board, item, reason)
  events.item(board, EVENT.closed, item, { reason = reason })
  local agent = work.release(board, item, 'finished')
  agent.idle = board.now
  work.close(board, item)
  return agent
end

timers.on.wrapup = function(board, item_id)
  matching.settle(board, contact.close(board, items.read(board, item_id), 'time-over'))
end

local function abandon(board, item, reason)
  local waited, held = requirements.waited(board, item), {}
  contact.end_children(board, item, reason)
  if item.state == STATE.queued then
    lines.leave(board, item)
  elseif item.state == STATE.parked then
    held[1] = parking.leave(board, item)
  elseif item.state == STATE.scheduled then
    timers.disarm(board, 'schedule', item.id)
    items.count(board, item, -1)
  end
  local list = offers.all(item)
  for i, offer in ipairs(list) do
    if i < #list then
      held[i] = offers.take_back(board, item, offer.agent, EVENT.rescinded, 'abandoned', { reason = reason })
    end
  end
  events.item(board, EVENT.abandoned, item, { reason = reason, waited_ms = waited })
  if #list > 0 then
    held[#held + 1] = contact.take_last(board, item)
  end
  work.close(board, item)
  for _, agent in ipairs(held) do
    matching.settle(board, agent)
  end
end

-- Take the last offer away without a report of its own: the item is abandoned.
function contact.take_last(board, item)
  local agent = agents.read(board, item.agent)
  timers.clear(board, 'offer', item.id, agent.id)
  agent.offers = agent.offers - 1
  return work.release(board, item, 'abandoned')
end

-- The customer's side is over: whoever waits leaves, an active contact ends. Return whether anything changed.
function contact.conclude(board, item, reason)
  if item.state == STATE.wrapup then
    return false
  elseif item.state ~= STATE.active then
    abandon(board, item, reason)
    return true
  end
  local agent = agents.read(board, item.agent)
  if contact.finish_active(board, item, reason) then
    matching.settle(board, agent)
  end
  return true
end
