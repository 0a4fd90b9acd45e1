-- Lines: where waiting items stand. An item stands in its queue's line by rank (position) and by
-- waiting since (longest wait), and either in its signature's line or, while it is held for one
-- agent, in that agent's own line (`holder`). Signatures stand by their head's rank in the lines of
-- their demand, unless their queue is paused.

local lines = {}

local function enter_signature(board, item)
  redis.call('ZADD', keys.waiting(board, item.signature), item.rank, item.id)
  if not config.paused(board, item.queue) then
    line_heads.lower(board, signatures.read(board, item.signature), item.rank)
  end
end

local function count_own(board, agent_id)
  agents.read(board, agent_id).own = redis.call('ZCARD', keys.own(board, agent_id))
end

-- Put the head's rank right after the head has left or moved.
function lines.show_head(board, id)
  local signature = signatures.read(board, id)
  local head = redis.call('ZRANGE', keys.waiting(board, id), 0, 0, 'WITHSCORES')
  line_heads.set(board, signature, not config.paused(board, signature.queue) and head[2] and tonumber(head[2]) or nil)
end

function lines.enter(board, item)
  if item.holder ~= '' then
    redis.call('ZADD', keys.own(board, item.holder), item.rank, item.id)
    count_own(board, item.holder)
  else
    enter_signature(board, item)
  end
  redis.call('ZADD', keys.line(board, item.queue), item.rank, item.id)
  redis.call('ZADD', keys.waits(board, item.queue), item.waiting - item.age, item.id)
end

function lines.leave(board, item)
  if item.holder ~= '' then
    redis.call('ZREM', keys.own(board, item.holder), item.id)
    count_own(board, item.holder)
  else
    redis.call('ZREM', keys.waiting(board, item.signature), item.id)
    lines.show_head(board, item.signature)
  end
  redis.call('ZREM', keys.line(board, item.queue), item.id)
  redis.call('ZREM', keys.waits(board, item.queue), item.id)
end

-- Say whether an item waits in the signature's line that nobody was passed over for: then no ready
-- agent fits the signature.
function lines.has_open_head(board, id)
  if board.meta.passed == 0 and board.cache.ranks[id] ~= nil then
    return board.cache.ranks[id]
  end
  local head = redis.call('ZRANGE', keys.waiting(board, id), 0, 0)[1]
  return head and (board.meta.passed == 0 or redis.call('EXISTS', keys.passed(board, head)) == 0)
end

-- The rank of a waiting item has changed: its place follows.
function lines.rank_again(board, item)
  redis.call('ZADD', keys.line(board, item.queue), item.rank, item.id)
  if item.holder ~= '' then
    redis.call('ZADD', keys.own(board, item.holder), item.rank, item.id)
  else
    redis.call('ZADD', keys.waiting(board, item.signature), item.rank, item.id)
    lines.show_head(board, item.signature)
  end
end
