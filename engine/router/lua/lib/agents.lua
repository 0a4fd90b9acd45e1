-- Agents: their record, and what they hold: a list of 'item*channel*units', oldest first, in one
-- field of the record. Parked work that keeps a small weight stands in it, too.

local agents = {}

agents.PARKED = '-' -- stands for the channel of parked work: it takes its units, and is in nobody's way else

function agents.read(board, id)
  return record.read(keys.agent(board, id), fields.AGENT)
end

-- Create an agent whom nobody configured yet: signed out, member of nothing.
function agents.create(board, id)
  redis.call('ZADD', keys.agents(board), 0, id)
  return record.create(keys.agent(board, id), fields.AGENT, {
    id = id, status = config.settings(board).sign_out_status, since = board.now, idle = board.now,
  })
end

-- Return what the agent holds: a list of {item, channel, units}, with the sum `used`. Not to be changed.
function agents.holding(agent)
  if agent._held ~= agent.held then
    local list, used = {}, 0
    for item, channel, units in string.gmatch(agent.held, '(%S+)%*(%S+)%*(%-?%d+)') do
      local number = tonumber(units)
      list[#list + 1] = { item = item, channel = channel, units = number }
      used = used + number
    end
    list.used = used
    agent._held, agent._holding = agent.held, list
  end
  return agent._holding
end

-- Return the ids of the items the agent has room taken for, oldest first.
function agents.held(agent)
  local ids = {}
  for i, held in ipairs(agents.holding(agent)) do
    ids[i] = held.item
  end
  return ids
end

function agents.take(agent, item, units)
  local entry = item.id .. '*' .. item.channel .. '*' .. string.format('%d', units)
  agent.held = agent.held == '' and entry or agent.held .. ' ' .. entry
end

function agents.drop(agent, item)
  local all = ' ' .. agent.held .. ' '
  local start = string.find(all, ' ' .. item.id .. '*', 1, true)
  if start then
    local stop = string.find(all, ' ', start + 1, true)
    agent.held = string.sub(all, 2, start - 1) .. string.sub(all, start == 1 and stop + 1 or stop, -2)
  end
end

function agents.holds_anything(board, agent)
  return agent.held ~= '' or redis.call('ZCARD', keys.parked(board, agent.id)) > 0
end

-- Return up to `limit` agents after `id` in the order of ids ('' = from the first).
function agents.page(board, id, limit)
  local from = id == '' and '-' or '(' .. id
  return redis.call('ZRANGEBYLEX', keys.agents(board), from, '+', 'LIMIT', 0, limit)
end
