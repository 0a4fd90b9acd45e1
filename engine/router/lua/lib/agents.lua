-- Agents: their record and their room.
-- room(channel) = units − Σ units held by work not interruptible by that channel. Held = offered,
-- active, wrap-up. An exclusive channel's work, wrap-up included, blocks every offer. While an offer
-- is pending nothing else is offered. Limits lowered below use never break anything.

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


-- Return why the agent has no room for one more item of `channel`, or nil when he has.
function agents.no_room(board, agent, channel)
  local profile = config.profile(board, agent.profile)
  local capacity = profile and profile.channels[channel]
  if not capacity then
    return 'channel-not-in-profile'
  end
  local room = profile.units
  for field, held in pairs(agent) do
    if string.sub(field, 1, 2) == 'u:' and agent['n:' .. string.sub(field, 3)] > 0 then
      local holding = profile.channels[string.sub(field, 3)]
      if holding and holding.exclusive then
        return 'exclusive-work'
      elseif not (holding and holding.interruptible_by[channel]) then
        room = room - held
      end
    end
  end
  if room < capacity.weight then
    return 'no-room'
  elseif capacity.maximum > 0 and (agent['n:' .. channel] or 0) >= capacity.maximum then
    return 'channel-maximum'
  end
  return nil
end

-- Return why nothing of `channel` can be offered to the agent now, or nil when it can.
function agents.not_ready(board, agent, channel)
  local status = config.status(board, agent.status)
  if agent.connections == 0 then
    return 'not-connected'
  elseif not (status and status.channels[channel]) then
    return 'status'
  elseif agent.offers > 0 then
    return 'offer-pending'
  end
  return agents.no_room(board, agent, channel)
end

-- Return the set of channels that can be offered to the agent now.
function agents.ready_channels(board, agent)
  local ready = {}
  local status = config.status(board, agent.status)
  if board.meta.state ~= 'open' or agent.connections == 0 or not status then
    return ready
  end
  for channel in pairs(status.channels) do
    if not agents.not_ready(board, agent, channel) then
      ready[channel] = true
    end
  end
  return ready
end

local function change_held(agent, item, items_held, units_held)
  local number, units = 'n:' .. item.channel, 'u:' .. item.channel
  agent[number] = (agent[number] or 0) + items_held
  agent[units] = (agent[units] or 0) + units_held
end

-- Take the agent's room for `item`, whose weight is fixed by this.
function agents.hold(board, agent, item)
  local profile = config.profile(board, agent.profile)
  local capacity = profile and profile.channels[item.channel]
  item.weight = capacity and capacity.weight or 1 -- restored to an agent who lost the channel
  change_held(agent, item, 1, item.weight)
  redis.call('ZADD', keys.held(board, agent.id), board.now, item.id)
end

function agents.release(board, agent, item)
  change_held(agent, item, -1, -item.weight)
  redis.call('ZREM', keys.held(board, agent.id), item.id)
end

-- Return the ids of the items the agent holds, oldest first.
function agents.held(board, agent)
  return redis.call('ZRANGE', keys.held(board, agent.id), 0, -1)
end

-- Return the agent's units and how many of them he uses.
function agents.load(board, agent)
  local profile, used = config.profile(board, agent.profile), 0
  for field, units in pairs(agent) do
    if string.sub(field, 1, 2) == 'u:' then
      used = used + units
    end
  end
  return profile and profile.units or 0, used
end
