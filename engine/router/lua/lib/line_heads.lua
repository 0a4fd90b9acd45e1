-- The heads of signatures' lines: signatures stand in the lines of their demand by the rank of the first
-- who waits. Ranks are also remembered here (false: nobody waits), for as long as nobody else writes.

local line_heads = {}

-- How many signatures of the demand stand in its lines is remembered, too.
local function note(board, signature, rank)
  local ranks, shown = board.cache.ranks, board.cache.shown
  local before, known = ranks[signature.id], shown[signature.demand]
  if known then
    shown[signature.demand] = before ~= nil and known + (rank and 1 or 0) - (before and 1 or 0) or nil
  end
  ranks[signature.id] = rank
end

-- Say whether anybody waits for one of the demands.
function line_heads.any(board, demand_set)
  local shown = board.cache.shown
  for demand in pairs(demand_set) do
    if not shown[demand] then
      shown[demand] = redis.call('ZCARD', keys.lines(board, demand))
    end
    if shown[demand] > 0 then
      return true
    end
  end
  return false
end

local function learn(board, id)
  local signature = signatures.read(board, id) -- nil: another build has dropped it
  local rank = signature and redis.call('ZSCORE', keys.lines(board, signature.demand), id)
  rank = rank and tonumber(rank) or false
  board.cache.ranks[id] = rank
  return rank
end

-- Somebody has come into the signature's line.
function line_heads.lower(board, signature, rank)
  local head = board.cache.ranks[signature.id]
  if head and head <= rank then
    return
  end
  redis.call('ZADD', keys.lines(board, signature.demand), 'LT', rank, signature.id)
  if head == nil then -- not known: somebody may have been there before, with a lower rank
    board.cache.shown[signature.demand] = nil
  else
    note(board, signature, rank)
  end
end

-- The signature's head has changed: its rank is this, or nobody waits who shall be seen to wait (nil).
function line_heads.set(board, signature, rank)
  if rank then
    redis.call('ZADD', keys.lines(board, signature.demand), rank, signature.id)
  else
    redis.call('ZREM', keys.lines(board, signature.demand), signature.id)
  end
  note(board, signature, rank or false)
end

-- Return the lowest rank in a list of signatures that ask for one of the demands, the first who has it, a
-- list of others who have it, too (nil: none), and how many of the list were compared.
function line_heads.first(board, list, demand_set)
  local ranks, known, seen = board.cache.ranks, board.cache.signatures, 0
  local best_rank, best, others
  for i = 1, #list do
    local id = list[i]
    local rank = ranks[id]
    if rank == nil then
      rank = learn(board, id)
    end
    if rank then
      seen = seen + 1
      if not best_rank or rank <= best_rank then
        local signature = known[id] or signatures.read(board, id)
        if demand_set[signature.demand] then
          others = rank == best_rank and others or nil
          if rank == best_rank then
            others = others or {}
            others[#others + 1] = id
          else
            best_rank, best = rank, id
          end
        end
      end
    end
  end
  return best_rank, best, others, seen
end

-- Show `see` those of the list that ask for the demand, with their heads' ranks.
function line_heads.each(board, list, demand, see)
  for i = 1, #list do
    local rank = board.cache.ranks[list[i]]
    if rank == nil then
      rank = learn(board, list[i])
    end
    if rank and signatures.read(board, list[i]).demand == demand then
      see(list[i], rank)
    end
  end
end
