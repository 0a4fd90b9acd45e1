-- Agents: their record, and what they hold: a list of 'item*channel*units', oldest first, in one
-- field of the record. Parked work that keeps a small weight stands in it, too.

local agents = {}

agents.PARKED = '-' -- stands for the channel of parked work: it takes its units, and is in nobody's way else

function agents.read(board, id)
  return record.read(board, keys.agent(board, id), fields.AGENT)
end

-- Create an agent whom nobody configured yet: signed out, member of nothing.
function agents.create(board, id)
  redis.call('ZADD', keys.agents(board), 0, id)
  return record.create(board, keys.agent(board, id), fields.AGENT, {
    id = id, status = config.settings(board).sign_out_status, since = board.now, idle = board.now,
  })
end

-- Return what the agent holds: a list of {item, channel, units}.
function agents.holding(agent)
  local list = {}
  for item, channel, units in string.gmatch(agent.held, '(%S+)%*(%S+)%*(%-?%d+)') do
    list[#list + 1] = { item = item, channel = channel, units = tonumber(units) }
  end
  return list
end

-- Return the ids of the items the agent has room taken for, oldest first.
function agents.held(agent)
  local ids = {}
  for id in string.gmatch(agent.held, '(%S+)%*%S+%*') do
    ids[#ids + 1] = id
  end
  return ids
end

function agents.take(agent, item, units)
  local entry = item.id .. '*' .. item.channel .. '*' .. string.format('%d', units)
  agent.held = agent.held == '' and entry or agent.held .. ' ' .. entry
end

function agents.drop(agent, item)
  local rest = {}
  for entry in string.gmatch(agent.held, '%S+') do
    if string.sub(entry, 1, #item.id + 1) ~= item.id .. '*' then
      rest[#rest + 1] = entry
    end
  end
  agent.held = table.concat(rest, ' ')
end

function agents.holds_anything(board, agent)
  return agent.held ~= '' or redis.call('ZCARD', keys.parked(board, agent.id)) > 0
end

-- Return up to `limit` agents after `id` in the order of ids ('' = from the first).
function agents.page(board, id, limit)
  local from = id == '' and '-' or '(' .. id
  return redis.call('ZRANGEBYLEX', keys.agents(board), from, '+', 'LIMIT', 0, limit)
end
