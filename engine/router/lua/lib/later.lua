-- Sorted sets that a call changes in several places and hardly reads: what it puts there and takes away is
-- written at its end, with one command each. Who reads the set saves first, or asks here.

local later = {}

local MOST_AT_ONCE = 200

-- By key, then by member: its score, or false where it was taken away.
local sets = {}

-- Begin a call: nothing is changed yet.
function later.begin()
  for key in pairs(sets) do
    sets[key] = nil
  end
end

-- Let the member stand in the set at the score, or not at all (false).
function later.put(key, member, score)
  local set = sets[key]
  if not set then
    set = {}
    sets[key] = set
  end
  set[member] = score
end

-- Return what this call has put: a score, false, or nil where it has not touched the member.
function later.told(key, member)
  return sets[key] and sets[key][member]
end

-- Return the member's score, or false.
function later.score(key, member)
  local score = later.told(key, member)
  if score == nil then
    score = redis.call('ZSCORE', key, member)
  end
  return score and tonumber(score)
end

local function in_parts(command, key, list)
  for start = 1, #list, MOST_AT_ONCE do
    redis.call(command, key, unpack(list, start, math.min(start + MOST_AT_ONCE - 1, #list)))
  end
end

-- Write it all.
function later.save()
  for key, set in pairs(sets) do
    local put, taken = {}, {}
    for member, score in pairs(set) do
      if score then
        put[#put + 1], put[#put + 2] = score, member
      else
        taken[#taken + 1] = member
      end
    end
    in_parts('ZADD', key, put)
    in_parts('ZREM', key, taken)
  end
  later.begin()
end
