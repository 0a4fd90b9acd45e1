-- The best waiting item for an agent: by his own rank of queues if he has one, then by the items' rank.

local best_item = {}

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

-- Return the lowest rank of a head the agent may have, the first signature that has it, a list of others
-- that have it, too, or nil, and how many were compared.
local function lowest(board, agent, demand_set)
  local list = listing.of(board, agent.cohort)
  if list then
    return line_heads.first(board, list, demand_set)
  end
  local best_rank, best, others, seen = nil, nil, nil, 0
  for demand in pairs(demand_set) do
    listing.each_fit(board, agent.cohort, demand, function(id, head)
      seen = seen + 1
      if not best_rank or head < best_rank then
        best_rank, best, others = head, id, nil
      elseif head == best_rank then
        others = others or {}
        others[#others + 1] = id
      end
      return head > best_rank
    end)
  end
  return best_rank, best, others, seen
end

-- The agent is passed over for nothing and has no order of his own: the first head is the best item.
local function first_head(board, agent, demand_set)
  local best_rank, best, others, seen = lowest(board, agent, demand_set)
  local item = best and head_of(board, best)
  for _, id in ipairs(others or {}) do
    local other = head_of(board, id)
    item = other < item and other or item
  end
  return item, best_rank, seen
end

-- Return the best-ranked item for the agent among the demands, its rank and the heads compared.
function best_item.find(board, agent, demand_set)
  if not line_heads.any(board, demand_set) then
    return nil
  end
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
