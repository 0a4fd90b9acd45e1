-- Membership: which cohort an agent is in, and how many of each are signed in.

local membership = {}

-- Signed-in agents are counted per cohort, those within the grace, too.
local function count_staff(board, agent, change)
  local status = config.status(board, agent.status)
  if agent.cohort > 0 and status and status.kind ~= 'offline' then
    redis.call('HINCRBY', keys.staff(board), agent.cohort, change)
  end
end

-- Return how many agents the cohort has.
function membership.size(board, id)
  local known = board.cache.sizes[id]
  if not known then
    known = redis.call('SCARD', keys.cohort(board, id))
    board.cache.sizes[id] = known
  end
  return known
end

-- Say whether the agent is in the cohort of these skills and queues.
function membership.is_same(board, agent, skills, queues)
  return agent.cohort > 0 and cohorts.read(board, agent.cohort) == cohorts.text_of(skills, queues)
end

-- Put the agent, who stands in no index, into the cohort of these skills and queues.
function membership.join(board, agent, skills, queues)
  membership.leave(board, agent)
  local text = cohorts.text_of(skills, queues)
  local id = tonumber(redis.call('HGET', keys.cohort_ids(board), text) or cohorts.create(board, text))
  redis.call('SADD', keys.cohort(board, id), agent.id)
  board.cache.sizes[id] = nil
  agent.cohort = id
  count_staff(board, agent, 1)
end

function membership.leave(board, agent)
  local id = agent.cohort
  if id > 0 then
    count_staff(board, agent, -1)
    agent.cohort = 0
    redis.call('SREM', keys.cohort(board, id), agent.id)
    board.cache.sizes[id] = nil
    if redis.call('EXISTS', keys.cohort(board, id)) == 0 then
      cohorts.collect(board, id)
    end
  end
end

-- Change the agent's status; who is signed in is counted per cohort.
function membership.change_status(board, agent, status)
  count_staff(board, agent, -1)
  agent.status = status
  count_staff(board, agent, 1)
end
