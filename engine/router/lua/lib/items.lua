-- Work items: their record, their place in the line, their numbers per queue.
-- A queued item stands in three sorted sets: its signature's (matching), its queue's by rank
-- (position) and by waiting since (longest wait). An item with an agent is counted in `counts`.

local items = {}

function items.read(board, id)
  return record.read(board, keys.item(board, id))
end

-- Create an item that waits from now on; `given` is what enqueue or restore was told.
function items.create(board, given)
  local item = record.create(board, keys.item(board, given.id), {
    id = given.id, interaction = given.interaction or '', case = given.case or '',
    channel = given.channel, queue = given.queue, skills = cjson.encode(given.skills or {}),
    priority = given.priority or 0, age = math.max(given.age or 0, 0), created = given.created or 0,
    enqueued = board.now, waiting = board.now, since = board.now,
    state = STATE.queued, agent = '', assignment = 0, accepted = 0, weight = 0, deadline = 0,
    last_assignment = 0, last_agent = '', last_answer = '',
  })
  items.rank(board, item)
  item.signature = signatures.of(board, item.queue, item.channel, given.skills or {})
  return item
end

-- Lower first, comparable across queues; static, so nothing is recomputed while waiting.
function items.rank(board, item)
  local queue = config.queue(board, item.queue)
  item.rank = board.now - item.age + queue.target - (item.priority + queue.priority) * queue.step
end

-- Return how long the item has waited for an agent in all.
function items.waited(board, item)
  return item.age + (item.waiting > 0 and board.now - item.waiting or 0)
end

-- Stop the item's wait: an agent has it, or nobody ever will.
function items.stop_waiting(board, item)
  item.age, item.waiting = items.waited(board, item), 0
end

function items.line_up(board, item)
  redis.call('ZADD', keys.waiting(board, item.signature), item.rank, item.id)
  redis.call('ZADD', keys.line(board, item.queue), item.rank, item.id)
  redis.call('ZADD', keys.waits(board, item.queue), item.waiting - item.age, item.id)
end

function items.leave_line(board, item)
  redis.call('ZREM', keys.waiting(board, item.signature), item.id)
  redis.call('ZREM', keys.line(board, item.queue), item.id)
  redis.call('ZREM', keys.waits(board, item.queue), item.id)
end

function items.count(board, item, change)
  redis.call('HINCRBY', keys.counts(board), item.state .. ':' .. item.queue, change)
end

-- Move an item that an agent holds to another state.
function items.become(board, item, state)
  items.count(board, item, -1)
  item.state, item.since = state, board.now
  items.count(board, item, 1)
end
