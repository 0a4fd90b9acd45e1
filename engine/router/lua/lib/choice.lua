-- Choose: the best ready agent for an item, the best waiting item for an agent.

local choice = {}

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

-- Return the best ready agent for the item, his score, and how many ready agents are like him; or nil.
-- Agents who are level stand in the order of their ids.
function choice.agent(board, item)
  local signature = signatures.read(board, item.signature)
  local order = config.queue(board, item.queue).order or 'longest_idle'
  local skilled = order == 'most_skilled'
  local mixed = fit.is_mixed(board, signature, skilled)
  local face = demands.face(signature.demand, order)
  local compares = mixed or item.passed > 0
  local best, best_tier, best_score
  scan.each_cohort(board, signature, face, skilled, mixed, compares, function(cohort, head)
    if best and not mixed and head > best_score then
      return true
    end
    local tier = fit.tier(cohorts.read(board, cohort), signature, skilled)
    if tier and (not best or tier < best_tier or (tier == best_tier and head <= best_score)) then
      local agent, score = first_of(board, item, face, cohort)
      local better = agent and (not best or tier < best_tier or score < best_score)
      if better or (agent and score == best_score and agent.id < best.id) then
        best, best_tier, best_score = agent, tier, score
      end
    end
    return best and not compares
  end)
  return best, best_score, best and redis.call('ZCARD', keys.ready(board, face, best.cohort))
end

-- Return the first item of the signature for which the agent is not passed over, and its rank.
local function first_item(board, agent, key)
  local list = redis.call('ZRANGE', key, 0, agent.refused, 'WITHSCORES')
  for i = 1, #list, 2 do
    if agent.refused == 0 or redis.call('SISMEMBER', keys.refused(board, agent.id), list[i]) == 0 then
      return list[i], tonumber(list[i + 1])
    end
  end
  return nil
end

local function head_of(board, id)
  return redis.call('ZRANGE', keys.waiting(board, id), 0, 0)[1]
end

-- The agent is passed over for nothing and has no order of his own: the first head is the best item.
local function first_head(board, agent, demand_set)
  local best, best_rank, seen = {}, nil, 0
  for demand in pairs(demand_set) do
    listing.each_fit(board, agent.cohort, demand, function(id, head)
      seen = seen + 1
      if not best_rank or head < best_rank then
        best, best_rank = { id }, head
      elseif head == best_rank then
        best[#best + 1] = id
      end
      return head > best_rank
    end)
  end
  local item = best[1] and head_of(board, best[1])
  for i = 2, #best do
    local other = head_of(board, best[i])
    item = other < item and other or item
  end
  return item, best_rank, seen
end

-- Return the best-ranked item for the agent among the demands, its rank and the heads compared.
function choice.item(board, agent, demand_set)
  local cohort = cohorts.read(board, agent.cohort)
  local ranked = cohorts.is_ranked(cohort)
  if agent.refused == 0 and not ranked then
    return first_head(board, agent, demand_set)
  end
  local best, best_rank, best_order, seen = nil, nil, nil, 0
  for demand in pairs(demand_set) do
    listing.each_fit(board, agent.cohort, demand, function(id, head)
      local order = listing.own_order(board, cohort, id)
      if not best or order < best_order or (order == best_order and head <= best_rank) then
        seen = seen + 1
        local item, rank = first_item(board, agent, keys.waiting(board, id))
        if item and (not best or order < best_order
          or (order == best_order and (rank < best_rank or (rank == best_rank and item < best)))) then
          best, best_rank, best_order = item, rank, order
        end
      end
      return best and not ranked and head > best_rank
    end)
  end
  return best, best_rank, seen
end
