-- Work items: their record, rank and clocks, and what is kept of closed ones.

local items = {}

local STRETCH_MS = 600000
local MOST_BONUS = 2 ^ 52

function items.read(board, id)
  return record.read(keys.item(board, id), fields.ITEM)
end

-- Return what is kept of a closed item ({agent, assignment, answer}), or of one that was turned away ({outcome,
-- told} besides), or nil. It outlives the sweep.
function items.closed(board, id)
  if id > board.meta.last_closed then -- ids rise with time: none so high was closed
    return nil
  end
  local stretch = math.floor(board.now / STRETCH_MS)
  local text = redis.call('HGET', keys.closed(board, stretch), id)
    or redis.call('HGET', keys.closed(board, stretch - 1), id)
  return text and cjson.decode(text) or nil
end

-- Keep `closed` of an item that is not on the board any more, or never was.
function items.remember(board, id, closed)
  local stretch = math.floor(board.now / STRETCH_MS)
  if redis.call('HSET', keys.closed(board, stretch), id, cjson.encode(closed)) == 1 and stretch ~= board.cache.stretch then
    board.cache.stretch = stretch
    redis.call('UNLINK', keys.closed(board, stretch - 2), keys.closed(board, stretch - 3))
  end
  if id > board.meta.last_closed then
    board.meta.last_closed = id
  end
end

function items.bury(board, item)
  items.remember(board, item.id, {
    agent = item.last_agent, assignment = item.last_assignment, answer = item.last_answer,
  })
  record.drop(keys.item(board, item.id))
end

local function text_of(map)
  return map and next(map) and cjson.encode(map) or ''
end

-- Create an item that waits from now on; `given` is what enqueue or restore was told. Return nil
-- when there is no place for its signature, unless it may go `beyond` the limit.
function items.create(board, given, beyond)
  local age = math.max(given.age or 0, 0)
  local item = record.create(keys.item(board, given.id), fields.ITEM, {
    id = given.id, interaction = given.interaction, parent = given.parent, channel = given.channel,
    weight = given.weight or 0, queue = given.queue,
    skills = text_of(given.skills), preferred = text_of(given.preferred),
    priority = given.priority or 0, due = given.due or 0, age = age, segment = age,
    waiting = board.now, since = board.now,
    state = STATE.queued,
  })
  items.rank(board, item)
  if not requirements.sign(board, item, beyond) then
    record.drop(keys.item(board, given.id))
    return nil
  end
  return item
end

-- Return what an item's priority is worth in milliseconds of waiting, bounded so that ranks stay below 2^53.
function items.bonus(board, item)
  local queue = config.queue(board, item.queue)
  return math.max(-MOST_BONUS, math.min((item.priority + queue.priority) * queue.step, MOST_BONUS))
end

-- Lower first, comparable across queues; static, so nothing is recomputed while waiting.
function items.rank(board, item)
  local queue = config.queue(board, item.queue)
  local base = board.now - requirements.waited(board, item) + queue.target
  if queue.ranking == 'due' and item.due > 0 then
    base = item.due
  end
  item.rank = base - items.bonus(board, item)
end

-- Stop the item's wait: an agent has it, or nobody ever will.
function items.stop_waiting(board, item)
  item.age, item.waiting = requirements.waited(board, item), 0
end

-- Begin a new segment: relaxation, overflow and service level count anew, the age goes on.
function items.begin_segment(board, item)
  item.segment, item.stage = requirements.waited(board, item), 0
end

function items.count(board, item, change)
  counts.add(board, item.state .. ':' .. item.queue, change)
end

-- Move an item that is counted in one state to another.
function items.become(board, item, state)
  items.count(board, item, -1)
  item.state, item.since = state, board.now
  items.count(board, item, 1)
end

-- Return what an event tells beside `data`: all that the item asks for now, and its state, so that the record
-- needs no earlier event to know them.
function items.told(item, data)
  data.state, data.priority, data.due, data.segment_ms = item.state, item.priority, item.due, item.segment
  data.skills = item.skills ~= '' and cjson.decode(item.skills) or {}
  data.preferred = item.preferred ~= '' and cjson.decode(item.preferred) or {}
  data.preferred_agent, data.required = item.preferred_agent, item.required == 1
  return data
end
