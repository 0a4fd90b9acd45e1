-- Cohorts: agents with the same skills and queues are alike to every item. What a cohort can do
-- never changes; an agent whose skills or queues change joins another one. It is kept as a text, which
-- costs Lua's collector next to nothing however many there are:
-- '- sbilling=3 senglish=: qsales=h0 qsupport=-0 ', a level as one character ('0' + level), a queue with
-- 'h' where it is home and the agent's rank of it, and at the front 'r' where ranks differ.

local cohorts = {}

local ZERO = 48

function cohorts.text_of(skills, queues)
  local parts, ranked, first = {}, '-', nil
  for skill, level in pairs(skills) do
    parts[#parts + 1] = 's' .. skill .. '=' .. string.char(ZERO + level)
  end
  for queue, terms in pairs(queues) do
    local rank = terms.rank or 0
    parts[#parts + 1] = 'q' .. queue .. '=' .. (terms.home and 'h' or '-') .. string.format('%d', rank)
    ranked = first and first ~= rank and 'r' or ranked
    first = first or rank
  end
  table.sort(parts)
  return ranked .. ' ' .. table.concat(parts, ' ') .. ' '
end

-- Return how a level is written.
function cohorts.level_byte(level) return ZERO + level end

-- Return what the cohort can do: skills by level, queues with {rank, home}.
function cohorts.parse(text)
  local skills, queues = {}, {}
  for skill, level in string.gmatch(text, ' s(%S-)=(.)') do
    skills[skill] = string.byte(level) - ZERO
  end
  for queue, home, rank in string.gmatch(text, ' q(%S-)=(.)(%d+)') do
    queues[queue] = { rank = tonumber(rank), home = home == 'h' }
  end
  return skills, queues
end

function cohorts.is_ranked(text) return string.byte(text) == 114 end -- 'r'

function cohorts.rank_of(text, queue)
  return tonumber(string.match(text, ' q' .. queue:gsub('%-', '%%-') .. '=.(%d+)'))
end

-- Return the cohort's home queue, or ''.
function cohorts.home(board, id)
  local known = board.cache.homes[id]
  if not known then
    known = string.match(cohorts.read(board, id), ' q(%S-)=h') or ''
    board.cache.homes[id] = known
  end
  return known
end

-- Return the text of the cohort with this number.
function cohorts.read(board, id)
  local known = board.cache.cohorts[id]
  if not known then
    known = redis.call('HGET', keys.cohorts(board), id) or '-  '
    board.cache.cohorts[id], board.cache.facts = known, board.cache.facts + 1
  end
  return known
end

-- Which cohorts a queue has, others remember by version.
local function note_change(board)
  local version = board.meta.version + 1
  board.meta.version, board.cache.version, board.cache.mixed = version, version, {}
end

-- Make a cohort; return its number.
function cohorts.create(board, text)
  local id = board.meta.made_cohorts + 1
  board.meta.made_cohorts = id
  redis.call('HSET', keys.cohort_ids(board), text, id)
  redis.call('HSET', keys.cohorts(board), id, text)
  local skills, queues = cohorts.parse(text)
  for skill, level in pairs(skills) do
    redis.call('ZADD', keys.skilled(board, skill), level, id)
  end
  for queue, terms in pairs(queues) do
    redis.call('ZADD', keys.members(board, queue), terms.home and 0 or 1, id)
  end
  note_change(board)
  return id
end

-- Drop a cohort that nobody is in.
function cohorts.collect(board, id)
  local skills, queues = cohorts.parse(cohorts.read(board, id))
  for skill in pairs(skills) do
    redis.call('ZREM', keys.skilled(board, skill), id)
  end
  for queue in pairs(queues) do
    redis.call('ZREM', keys.members(board, queue), id)
  end
  redis.call('HDEL', keys.cohort_ids(board), redis.call('HGET', keys.cohorts(board), id))
  redis.call('HDEL', keys.cohorts(board), id)
  redis.call('HDEL', keys.staff(board), id)
  board.cache.cohorts[id], board.cache.lists[id], board.cache.homes[id] = nil, nil, nil
  note_change(board)
end
