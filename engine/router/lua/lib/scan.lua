-- Look through the cohorts that have ready agents, in the order of their heads' scores: from the front
-- of all, where most searches end at once, else among the few that have the rarest skill.

local scan = {}

local FEW = 32
local CHUNK = 64
local NARROW = 64
local MANY = 512

-- Show `see` up to `most` cohorts from the front of all, after `start`; return whether that is all there
-- is to see. Heads' scores come along where several must be compared.
local function from_front(board, heads, start, most, compares, see)
  local stop, key = start + most, keys.heads(board, heads)
  while start < stop do
    local count = math.min(start == 0 and FEW or CHUNK, stop - start)
    local part, step
    if compares then
      part, step = redis.call('ZRANGE', key, start, start + count - 1, 'WITHSCORES'), 2
    else
      part, step = redis.call('ZRANGE', key, start, start + count - 1), 1
    end
    for i = 1, #part, step do
      if see(part[i] + 0, compares and part[i + 1] + 0) then
        return true
      end
    end
    if #part < step * count then
      return true
    end
    start = start + count
  end
  return false
end

-- The same, for the cohorts of a narrow set, of which few fit.
local function from_narrow(board, heads, signature, skilled, key, least, see)
  local fitting, found = {}, {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, least, '+inf')) do
    local number = tonumber(id)
    if fit.tier(cohorts.read(board, number), signature, skilled) then
      fitting[#fitting + 1] = number
    end
  end
  for start = 1, #fitting, CHUNK do
    local stop = math.min(start + CHUNK - 1, #fitting)
    local scores = redis.call('ZMSCORE', keys.heads(board, heads), unpack(fitting, start, stop))
    for i = 1, stop - start + 1 do
      if scores[i] then
        found[#found + 1] = { fitting[start + i - 1], tonumber(scores[i]) }
      end
    end
  end
  table.sort(found, function(left, right) return left[2] < right[2] end)
  for _, pair in ipairs(found) do
    if see(pair[1], pair[2]) then
      return
    end
  end
end

-- Show `see` the cohorts of `heads` that may fit the signature, by their head's score; with `skilled` all
-- of them, since the first is not the best.
function scan.each_cohort(board, signature, heads, skilled, compares, see)
  if not skilled and from_front(board, heads, 0, FEW, compares, see) then
    return
  end
  local key, least, size = fit.narrowest(board, signature)
  if not skilled and (not key or size > NARROW) and from_front(board, heads, FEW, MANY, compares, see) then
    return
  end
  if key and (not skilled or size <= redis.call('ZCARD', keys.heads(board, heads))) then
    from_narrow(board, heads, signature, skilled, key, least, see)
  else
    from_front(board, heads, 0, math.huge, true, see)
  end
end
