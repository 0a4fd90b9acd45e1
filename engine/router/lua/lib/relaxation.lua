-- Relaxation: at certain ages an item asks for less (a lower level, a skill dropped, further queues), so
-- that no wait is without bound. Each step is an alarm; it goes on while the item is offered.

local relaxation = {}

-- See to the next step of an item that begins to wait.
function relaxation.watch(board, item)
  local queue = config.queue(board, item.queue)
  if #(queue.relaxation or {}) == 0 and item.preferred == '' then
    return
  end
  local step = requirements.steps(queue, item)[item.stage + 1]
  if step then
    local moment = board.now + math.max(step.after - requirements.waited_here(board, item), 0)
    timers.alarm(board, moment, 'relax', item.id)
  end
end

-- Return how many steps are due at the item's age in this segment.
local function due(board, item)
  local age, count = requirements.waited_here(board, item), 0
  for i, step in ipairs(requirements.steps(config.queue(board, item.queue), item)) do
    if step.after <= age then
      count = i
    end
  end
  return count
end

timers.on.relax = function(board, item_id)
  local item = items.read(board, item_id)
  if not item or (item.state ~= STATE.queued and item.state ~= STATE.offered) then
    return
  end
  local stage = due(board, item)
  if stage <= item.stage then
    relaxation.watch(board, item)
    return
  end
  local queued = item.state == STATE.queued
  if queued then
    lines.leave(board, item)
  end
  item.stage = stage
  requirements.sign(board, item, true)
  local queues, skills = requirements.now(board, item)
  events.item(board, EVENT.relaxed, item, {
    stage = stage, queues = table.concat(queues, '+'), skills = next(skills) and skills or nil, state = item.state,
  })
  if queued then
    local since = item.since
    matching.place(board, item)
    if item.state == STATE.queued then
      item.since = since
    end
  else
    relaxation.watch(board, item)
  end
end

-- Let the item ask for what its queue says now at its age: it was elsewhere, or the configuration or
-- its requirement has changed.
function relaxation.catch_up(board, item)
  local queue = config.queue(board, item.queue)
  local none = #(queue.relaxation or {}) == 0 and item.preferred == ''
  item.stage = none and 0 or due(board, item)
  requirements.sign(board, item, true)
end
