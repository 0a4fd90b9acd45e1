-- Ready agents, once per agent and demand, and per cohort of like agents. A face is a demand seen in
-- one order of agents: for each face a cohort's ready agents stand by score, and the cohorts by
-- their head's score. An agent's `ready` field says where he stands: 'face=score face=score'.

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

-- Let the cohort stand among the heads by the score, and among those of its home queue; nil = not at all.
local function stand(board, face, cohort, how, score)
  local home = cohorts.home(board, cohort)
  local heads = { keys.heads(board, face) }
  heads[2] = home ~= '' and keys.heads(board, demands.home_face(face, home)) or nil
  for i = 1, #heads do
    if not score then
      redis.call('ZREM', heads[i], cohort)
    elseif how then
      redis.call('ZADD', heads[i], how, score, cohort)
    else
      redis.call('ZADD', heads[i], score, cohort)
    end
  end
end

local function show_head(board, face, cohort)
  local head = redis.call('ZRANGE', keys.ready(board, face, cohort), 0, 0, 'WITHSCORES')
  stand(board, face, cohort, nil, head[2])
end

local function parse(mark)
  local faces = {}
  for face, score in string.gmatch(mark, '(%S+)=(%S+)') do
    faces[face] = score
  end
  return faces
end

local function wanted(board, agent, demand_set)
  local faces, parts = {}, {}
  for demand in pairs(demand_set) do
    for _, order in ipairs(demands.orders(board)) do
      local face, score = demands.face(demand, order), string.format('%.0f', ready.score(board, agent, order))
      faces[face] = score
      parts[#parts + 1] = face .. '=' .. score
    end
  end
  table.sort(parts)
  return faces, table.concat(parts, ' ')
end

-- Let the agent stand where he is ready now, and nowhere else.
function ready.update(board, agent, demand_set)
  if agent.ready == '' and not next(demand_set) then
    return
  end
  local faces, mark = wanted(board, agent, demand_set)
  if mark == agent.ready then
    return
  end
  local before = parse(agent.ready)
  for face, score in pairs(faces) do
    if not before[face] then
      redis.call('ZADD', keys.ready(board, face, agent.cohort), score, agent.id)
      stand(board, face, agent.cohort, 'LT', score)
    elseif before[face] ~= score then
      redis.call('ZADD', keys.ready(board, face, agent.cohort), score, agent.id)
      show_head(board, face, agent.cohort)
    end
  end
  for face in pairs(before) do
    if not faces[face] then
      redis.call('ZREM', keys.ready(board, face, agent.cohort), agent.id)
      show_head(board, face, agent.cohort)
    end
  end
  agent.ready = mark
end
