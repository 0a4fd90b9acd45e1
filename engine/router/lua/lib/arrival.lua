-- Arrival: an item comes to the board, waits for its time if it has one, enters a queue.
-- Events: scheduled; enqueued; offered; accepted where offers are accepted automatically.

local arrival = {}

-- `told` names the queue that sent it on, and why.
local function report_enqueued(board, item, told)
  events.item(board, EVENT.enqueued, item, {
    rank = item.rank, priority = item.priority, age_ms = item.age, channel = item.channel,
    from = told and told.from, why = told and told.why,
  })
end

-- A consult hangs on the item it is asked for, and is not for who asks.
function arrival.adopt(board, item, given)
  if given.exclude and given.exclude ~= '' then
    passing.exclude(board, item, given.exclude)
  end
  local parent = given.parent and given.parent ~= '' and given.parent ~= item.id and items.read(board, given.parent)
  if parent then
    parent.children = parent.children == '' and item.id or parent.children .. ' ' .. item.id
  end
end

-- Put what was given onto the board as a queued item that stands in no line; return it, or nil and why
-- not; the third value tells of an overflow.
function arrival.create(board, given)
  if not string.find(given.id, '^[%w_:.-]+$') then
    return nil, OUTCOME.invalid
  elseif items.read(board, given.id) then
    return nil, OUTCOME.repeated
  end
  local closed = items.closed(board, given.id)
  if closed then
    return nil, closed.outcome or OUTCOME.repeated, closed.told
  end
  local queue, refused, told = admission.find(board, given.queue, given)
  if refused then
    return nil, refused, told
  end
  given.queue = queue
  local item = items.create(board, given)
  if not item then
    return nil, OUTCOME.too_many_signatures
  end
  if given.preferred_agent and given.preferred_agent ~= '' then
    holds.ask(item, given.preferred_agent, given.required)
  end
  arrival.adopt(board, item, given)
  return item, nil, told
end

local function schedule(board, item, moment, told)
  item.state, item.not_before, item.waiting = STATE.scheduled, moment, 0
  items.count(board, item, 1)
  timers.alarm(board, moment, 'schedule', item.id)
  events.item(board, EVENT.scheduled, item, {
    not_before_ms = moment, from = told and told.from, why = told and told.why,
  })
end

-- A scheduled item's time has come: it begins to wait.
function arrival.begin(board, item)
  items.count(board, item, -1)
  item.waiting = board.now
  items.rank(board, item)
  relaxation.catch_up(board, item)
  report_enqueued(board, item)
  matching.place(board, item)
end

timers.on.schedule = function(board, item_id)
  local item = items.read(board, item_id)
  if item and item.state == STATE.scheduled then
    arrival.begin(board, item)
  end
end

-- Enqueue what was given; return the outcome and what there is to tell.
function arrival.enqueue(board, given)
  local item, refused, told = arrival.create(board, given)
  if not item then
    return refused, told
  elseif (given.not_before or 0) > board.now then
    schedule(board, item, given.not_before, told)
    return OUTCOME.ok, told
  end
  report_enqueued(board, item, told)
  matching.place(board, item)
  return OUTCOME.ok, told
end
