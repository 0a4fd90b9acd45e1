-- Room: what an agent can be offered, and what he holds.
-- room(channel) = units − Σ units held by work not interruptible by that channel. Held = offered,
-- active, wrap-up. An exclusive channel's work, wrap-up included, blocks every offer. While an offer
-- is pending nothing else is offered. Limits lowered below use never break anything.

local capacity = {}

-- Return why the agent has no room for one more item of `channel`, or nil when he has.
function capacity.no_room(board, agent, channel)
  local profile = config.profile(board, agent.profile)
  local terms = profile and profile.channels[channel]
  if not terms then
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
  if room < terms.weight then
    return 'no-room'
  elseif terms.maximum > 0 and (agent['n:' .. channel] or 0) >= terms.maximum then
    return 'channel-maximum'
  end
  return nil
end

-- Return why nothing of `channel` can be offered to the agent now, or nil when it can.
function capacity.not_ready(board, agent, channel)
  local status = config.status(board, agent.status)
  if agent.connections == 0 then
    return 'not-connected'
  elseif not (status and status.channels[channel]) then
    return 'status'
  elseif agent.offers > 0 then
    return 'offer-pending'
  end
  return capacity.no_room(board, agent, channel)
end

-- Return the set of channels that can be offered to the agent now.
function capacity.ready_channels(board, agent)
  local ready = {}
  local status = config.status(board, agent.status)
  if board.meta.state ~= 'open' or agent.connections == 0 or not status then
    return ready
  end
  for channel in pairs(status.channels) do
    if not capacity.not_ready(board, agent, channel) then
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
function capacity.hold(board, agent, item)
  local profile = config.profile(board, agent.profile)
  local terms = profile and profile.channels[item.channel]
  item.weight = terms and terms.weight or 1 -- restored to an agent who lost the channel
  change_held(agent, item, 1, item.weight)
  redis.call('ZADD', keys.held(board, agent.id), board.now, item.id)
end

function capacity.release(board, agent, item)
  change_held(agent, item, -1, -item.weight)
  redis.call('ZREM', keys.held(board, agent.id), item.id)
end

-- Return the agent's units and how many of them he uses.
function capacity.load(board, agent)
  local profile, used = config.profile(board, agent.profile), 0
  for field, units in pairs(agent) do
    if string.sub(field, 1, 2) == 'u:' then
      used = used + units
    end
  end
  return profile and profile.units or 0, used
end
