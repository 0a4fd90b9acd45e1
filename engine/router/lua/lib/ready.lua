-- Ready agents, once per agent and demand, and per cohort of like agents. A face is a demand seen in
-- one order of agents: for each face a cohort's ready agents stand by score, and the cohorts by
-- their head's score. An agent's `ready` field says where: 'order=score order=score | demand demand'.

local ready = {}

local STEP = 2199023255552 -- 2^41, more than any moment in milliseconds until 2039

-- Return the agent's score in an order, lower first.
function ready.score(board, agent, order)
  if order == 'least_loaded' then
    local units, used = capacity.load(board, agent)
    local load = units > 0 and math.min(math.floor(1000 * used / units), 2000) or 0
    return load * STEP + agent.idle
  elseif order == 'fewest_handled' then
    return math.min(agent.handled, 4000) * STEP + agent.idle
  end
  return agent.idle -- longest_idle; most_skilled: the rest is the cohort's tier
end

local function put(key, cohort, how, score)
  if score then
    redis.call('ZADD', key, how, score, cohort)
  else
    redis.call('ZREM', key, cohort)
  end
end

-- Let the cohort stand among the heads by the score, and among those of its home queue; nil = not at all.
local function stand(board, face, cohort, how, score)
  put(keys.heads(board, face), cohort, how, score)
  local home = cohorts.home(board, cohort)
  if home ~= '' then
    put(keys.heads(board, demands.home_face(face, home)), cohort, how, score)
  end
end

-- One of the cohort has moved to the score, or left (nil): put its head's score right.
local function show_head(board, face, cohort, score)
  if membership.size(board, cohort) > 1 then
    score = redis.call('ZRANGE', keys.ready(board, face, cohort), 0, 0, 'WITHSCORES')[2]
  end
  stand(board, face, cohort, 'CH', score)
end

-- Return where the agent stands: scores by order, a set of demands. Not to be changed.
local function standing(agent)
  if agent._ready ~= agent.ready then
    local scores, set = {}, {}
    local orders, texts = string.match(agent.ready, '^(.*)|(.*)$')
    for order, score in string.gmatch(orders or '', '(%S+)=(%S+)') do
      scores[order] = tonumber(score)
    end
    for demand in string.gmatch(texts or '', '%S+') do
      set[demand] = true
    end
    agent._ready, agent._scores, agent._demands = agent.ready, scores, set
  end
  return agent._scores, agent._demands
end

-- Return the scores by order, and the field's text.
local function wanted(board, agent, demand_set)
  local scores, text = {}, ''
  if next(demand_set) then
    for _, order in ipairs(demands.orders(board)) do
      scores[order] = ready.score(board, agent, order)
      text = text .. order .. '=' .. string.format('%d', scores[order]) .. ' '
    end
    text = text .. '|'
    for _, demand in ipairs(demands.all(board)) do
      text = demand_set[demand.text] and text .. ' ' .. demand.text or text
    end
  end
  return scores, text
end

-- Let the agent stand at the scores for the demands, where he does not yet.
local function enter(board, agent, scores, demand_set)
  local old_scores, old_set = standing(agent)
  for order, score in pairs(scores) do
    for demand in pairs(demand_set) do
      local before, face = old_set[demand] and old_scores[order], demands.face(demand, order)
      if before ~= score then
        redis.call('ZADD', keys.ready(board, face, agent.cohort), score, agent.id)
        if before then
          show_head(board, face, agent.cohort, score)
        else
          stand(board, face, agent.cohort, 'LT', score)
        end
      end
    end
  end
end

local function leave(board, agent, scores, demand_set)
  local old_scores, old_set = standing(agent)
  for order in pairs(old_scores) do
    for demand in pairs(old_set) do
      if not (demand_set[demand] and scores[order]) then
        local face = demands.face(demand, order)
        redis.call('ZREM', keys.ready(board, face, agent.cohort), agent.id)
        show_head(board, face, agent.cohort, nil)
      end
    end
  end
end

-- Let the agent stand where he is ready now, and nowhere else.
function ready.update(board, agent, demand_set)
  if agent.ready == '' and not next(demand_set) then
    return
  end
  local scores, text = wanted(board, agent, demand_set)
  if text ~= agent.ready then
    enter(board, agent, scores, demand_set)
    leave(board, agent, scores, demand_set)
    agent.ready, agent._ready, agent._scores, agent._demands = text, text, scores, demand_set
  end
end
