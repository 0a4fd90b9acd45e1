-- Counts: how many items of each queue are in a state, in one hash ('state:queue'). A call's changes are
-- written together at its end; the numbers are remembered for as long as nobody else writes.

local counts = {}

local changed = {}

function counts.begin()
  for field in pairs(changed) do
    changed[field] = nil
  end
end

function counts.read(board, field)
  local known = board.cache.counts[field]
  if not known then
    known = tonumber(redis.call('HGET', keys.counts(board), field) or 0)
    board.cache.counts[field] = known
  end
  return known
end

function counts.add(board, field, change)
  board.cache.counts[field] = counts.read(board, field) + change
  changed[field] = true
end

function counts.save(board)
  if next(changed) then
    local list = {}
    for field in pairs(changed) do
      list[#list + 1], list[#list + 2] = field, board.cache.counts[field]
    end
    redis.call('HSET', keys.counts(board), unpack(list))
  end
end
