-- Requirement signatures: all items of one queue, channel and set of (skill, level) are alike to
-- every agent. Each agent keeps the set of signatures he qualifies for; each signature a sorted set
-- of waiting items and one of ready agents. So matching looks at heads, never at all items or all
-- agents. A signature's id is 'channel:number'.

local signatures = {}

local function text_of(queue, channel, skills)
  local parts = {}
  for skill, level in pairs(skills) do
    parts[#parts + 1] = skill .. '=' .. string.format('%d', level)
  end
  table.sort(parts)
  return queue .. '|' .. channel .. '|' .. table.concat(parts, ',')
end

-- Return the skills an item needs: its own and its queue's, the higher level of each.
function signatures.joined(board, queue, skills)
  local all = {}
  for skill, level in pairs(config.queue(board, queue).skills) do
    all[skill] = level
  end
  for skill, level in pairs(skills) do
    all[skill] = math.max(level, all[skill] or 0)
  end
  return all
end

-- Return the first skill that `agent_skills` lack for `required`, or nil.
function signatures.lacking(agent_skills, required)
  local missing
  for skill, level in pairs(required) do
    if (agent_skills[skill] or 0) < level and (not missing or skill < missing) then
      missing = skill
    end
  end
  return missing
end

function signatures.channel(signature)
  return string.match(signature, '^(.*):%d+$')
end

function signatures.required(board, signature)
  return cjson.decode(redis.call('HGET', keys.requirements(board), signature))
end

local function index_members(board, signature, queue, channel, required)
  for _, id in ipairs(redis.call('SMEMBERS', keys.members(board, queue))) do
    local agent = agents.read(board, id)
    if not signatures.lacking(cjson.decode(agent.skills), required) then
      redis.call('SADD', keys.qualified(board, id), signature)
      if agents.marked_ready(agent, channel) then
        redis.call('ZADD', keys.ready(board, signature), agent.idle, id)
      end
    end
  end
end

-- Return the id of the signature, made and indexed when it is new.
function signatures.of(board, queue, channel, skills)
  local required = signatures.joined(board, queue, skills)
  local text = text_of(queue, channel, required)
  local known = redis.call('HGET', keys.signatures(board), text)
  if known then
    return known
  end
  local number = redis.call('HLEN', keys.signatures(board)) + 1
  local signature = channel .. ':' .. string.format('%d', number)
  redis.call('HSET', keys.signatures(board), text, signature)
  redis.call('HSET', keys.requirements(board), signature, cjson.encode(required))
  redis.call('SADD', keys.queue_signatures(board, queue), signature)
  index_members(board, signature, queue, channel, required)
  return signature
end

-- Index anew what `agent` qualifies for; he must stand in no ready set.
function signatures.index_agent(board, agent)
  local key = keys.qualified(board, agent.id)
  redis.call('DEL', key)
  local skills = cjson.decode(agent.skills)
  for queue in pairs(cjson.decode(agent.queues)) do
    for _, signature in ipairs(redis.call('SMEMBERS', keys.queue_signatures(board, queue))) do
      if not signatures.lacking(skills, signatures.required(board, signature)) then
        redis.call('SADD', key, signature)
      end
    end
  end
end
