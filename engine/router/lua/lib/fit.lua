-- Does a cohort fit a signature, and how well? Cheap enough to be asked for hundreds of pairs.

local fit = {}

local HOME, QUEUE, FURTHER = 0, 1000, 10000

local HOME_MARK = 104 -- 'h'

-- Return the tier of the best queue the cohort shares with the signature, or nil.
local function queue_tier(cohort, signature)
  local marks = signature.queue_marks
  for place = 1, #marks do
    local _, stop = string.find(cohort, marks[place], 1, true)
    if stop then
      return (place - 1) * FURTHER + (string.byte(cohort, stop + 1) == HOME_MARK and HOME or QUEUE)
    end
  end
  return nil
end

-- Return the tier in which the cohort (its text) fits, lower first: members of the home queue before
-- others, of further queues last; with `most_skilled`, more skill first. False when it does not fit.
function fit.tier(cohort, signature, most_skilled)
  local needs, sum = signature.needs, 0
  for i = 1, #needs do
    local _, stop = string.find(cohort, needs[i].mark, 1, true)
    local level = stop and string.byte(cohort, stop + 1)
    if not level or level < needs[i].byte then
      return false
    end
    sum = sum + level
  end
  local tier = queue_tier(cohort, signature)
  if tier and most_skilled then
    return tier + 999 - math.min(sum, 999)
  end
  return tier or false
end

-- Return where the tiers of a signature's queue begin: its home members', its other members', the next
-- queue's.
function fit.tiers(place)
  local first = (place - 1) * FURTHER
  return first + HOME, first + QUEUE, first + FURTHER
end

-- Return how many cohorts are at home in the queue, and how many are other members.
function fit.members(board, queue)
  local known = board.cache.mixed[queue]
  if known == nil then
    local key = keys.members(board, queue)
    local home = redis.call('ZCOUNT', key, 0, 0)
    known = { home, redis.call('ZCARD', key) - home }
    board.cache.mixed[queue] = known
  end
  return known[1], known[2]
end

-- Return the smallest set of cohorts known to hold all that fit: its key, least score, and size.
function fit.narrowest(board, signature)
  local best, least, size
  for _, need in ipairs(signature.needs) do
    local key = keys.skilled(board, need.skill)
    local count = redis.call('ZCARD', key)
    if not size or count < size then
      best, least, size = key, need.level, count
    end
  end
  local members = #signature.queues == 1 and redis.call('ZCARD', keys.members(board, signature.queue))
  if members and (not size or members < size) then
    best, least, size = keys.members(board, signature.queue), 0, members
  end
  return best, least, size
end

-- Return cohorts that fit and have somebody signed in, of up to `limit` of each set that they can be in.
function fit.staffed(board, signature, limit)
  local key, least = fit.narrowest(board, signature)
  local sets, list = { key }, {}
  for i = 1, key and 0 or #signature.queues do
    sets[i] = keys.members(board, signature.queues[i])
  end
  for _, set in ipairs(sets) do
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, least or 0, '+inf', 'LIMIT', 0, limit)) do
      local staff = redis.call('HGET', keys.staff(board), id) or '0'
      if staff ~= '0' and fit.tier(cohorts.read(board, tonumber(id)), signature, false) then
        list[#list + 1] = tonumber(id)
      end
    end
  end
  return list
end
