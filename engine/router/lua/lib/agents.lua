-- Agents: their record, and the marks of where they stand in the indexes.

local agents = {}

function agents.read(board, id)
  return record.read(board, keys.agent(board, id))
end

-- Create an agent whom nobody configured yet: signed out, member of nothing.
function agents.create(board, id)
  redis.call('SADD', keys.agents(board), id)
  return record.create(board, keys.agent(board, id), {
    id = id, profile = '', skills = '{}', queues = '{}',
    status = config.settings(board).sign_out_status, since = board.now, idle = board.now,
    misses = 0, offers = 0, connections = 0, ready = '',
  })
end

-- The mark in `ready` says in which ready sets the agent stands: ',chat,email,@idle since'.
function agents.ready_mark(agent, channels)
  local names = {}
  for channel in pairs(channels) do
    names[#names + 1] = channel
  end
  if #names == 0 then
    return ''
  end
  table.sort(names)
  return ',' .. table.concat(names, ',') .. ',@' .. string.format('%.0f', agent.idle)
end

function agents.marked_ready(agent, channel)
  return string.find(agent.ready, ',' .. channel .. ',', 1, true) ~= nil
end

-- Return the ids of the items the agent holds, oldest first.
function agents.held(board, agent)
  return redis.call('ZRANGE', keys.held(board, agent.id), 0, -1)
end
