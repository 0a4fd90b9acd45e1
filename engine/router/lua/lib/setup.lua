-- Put an agent's configuration in force: profile, skills, queues.

local setup = {}

local function same(left, right)
  for key, value in pairs(left) do
    if right[key] ~= value then
      return false
    end
  end
  for key in pairs(right) do
    if left[key] == nil then
      return false
    end
  end
  return true
end

-- Return the agent's queues: the configured ones, and those he had that the organisation removed
-- while there is still work in them.
local function queues_of(board, agent, wanted)
  local queues = {}
  for key in pairs(wanted) do
    queues[key] = true
  end
  for key in pairs(cjson.decode(agent.queues)) do
    local queue = config.queue(board, key)
    if queue and queue.removed and redis.call('SISMEMBER', keys.queues(board), key) == 1 then
      queues[key] = true
    end
  end
  return queues
end

local function index(board, agent, skills, queues)
  matching.index(board, agent, {})
  for key in pairs(cjson.decode(agent.queues)) do
    redis.call('SREM', keys.members(board, key), agent.id)
  end
  for key in pairs(queues) do
    redis.call('SADD', keys.members(board, key), agent.id)
  end
  agent.skills, agent.queues = cjson.encode(skills), cjson.encode(queues)
  signatures.index_agent(board, agent)
end

-- Configure one agent and settle him; nothing happens to the work he holds.
function setup.agent(board, wanted)
  local agent = agents.read(board, wanted.id) or agents.create(board, wanted.id)
  local queues = queues_of(board, agent, wanted.queues)
  local changed = not same(cjson.decode(agent.skills), wanted.skills)
    or not same(cjson.decode(agent.queues), queues)
  if changed then
    index(board, agent, wanted.skills, queues)
  end
  agent.profile = wanted.profile
  if not config.status(board, agent.status) then
    presence.become(board, agent, config.settings(board).sign_out_status, 'configured')
  end
  matching.settle(board, agent)
end
