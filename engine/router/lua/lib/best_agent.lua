-- The best ready agent for an item, in the queue's order of agents.

local best_agent = {}

-- Return the cohort's first ready agent who is not passed over for the item, and his score.
local function first_of(board, item, face, cohort)
  local key = keys.ready(board, face, cohort)
  local list = redis.call('ZRANGE', key, 0, item.passed, 'WITHSCORES')
  for i = 1, #list, 2 do
    if item.passed == 0 or redis.call('SISMEMBER', keys.passed(board, item.id), list[i]) == 0 then
      local agent = agents.read(board, list[i])
      if not capacity.not_ready(board, agent, item.channel, item.weight, item.id) then
        return agent, tonumber(list[i + 1])
      end
      -- The index was behind a configuration that has just changed.
      ready.update(board, agent, capacity.ready_demands(board, agent))
      return first_of(board, item, face, cohort)
    end
  end
  return nil
end

-- Return the best ready agent of the cohorts in `heads` that fit in a tier from `low` to below `high`, and
-- his score; of agents who are level the one with the lower id.
local function best_of(board, item, signature, look)
  local compares = look.skilled or item.passed > 0
  local best, best_tier, best_score
  scan.each_cohort(board, signature, look.heads, look.skilled, compares, function(cohort, head)
    if best and not look.skilled and head > best_score then
      return true
    end
    local tier = fit.tier(cohorts.read(board, cohort), signature, look.skilled)
    if tier and tier >= look.low and tier < look.high
      and (not best or tier < best_tier or (tier == best_tier and head <= best_score)) then
      local agent, score = first_of(board, item, look.face, cohort)
      local better = agent and (not best or tier < best_tier or score < best_score)
      if better or (agent and score == best_score and agent.id < best.id) then
        best, best_tier, best_score = agent, tier, score
      end
    end
    return best and not compares
  end)
  return best, best_score
end

-- Return the best ready agent of one of the signature's queues: who is at home there goes before others.
local function best_in_queue(board, item, signature, face, place)
  local queue = signature.queues[place]
  local homes, others = fit.members(board, queue)
  local low, middle, high = fit.tiers(place)
  local best, score
  if homes > 0 then
    local look = { face = face, heads = demands.home_face(face, queue), low = low, high = middle }
    best, score = best_of(board, item, signature, look)
  end
  if not best and others > 0 then
    best, score = best_of(board, item, signature, { face = face, heads = face, low = middle, high = high })
  end
  return best, score
end

-- Return the best ready agent for the item, his score, and how many ready agents are like him; or nil.
function best_agent.find(board, item)
  local signature = signatures.read(board, item.signature)
  local order = config.queue(board, item.queue).order or 'longest_idle'
  local face = demands.face(signature.demand, order)
  local best, score
  if order == 'most_skilled' then
    local look = { face = face, heads = face, low = 0, high = math.huge, skilled = true }
    best, score = best_of(board, item, signature, look)
  else
    local place = 1
    while not best and place <= #signature.queues do
      best, score = best_in_queue(board, item, signature, face, place)
      place = place + 1
    end
  end
  return best, score, best and redis.call('ZCARD', keys.ready(board, face, best.cohort))
end
