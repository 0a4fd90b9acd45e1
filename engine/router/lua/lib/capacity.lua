-- Room: what an agent can be offered, and what he holds.
-- room(channel) = units − Σ units held by work not interruptible by that channel. Held = offered,
-- active, wrap-up. An exclusive channel's work, wrap-up included, blocks every offer. While an offer
-- is pending nothing else is offered. Limits lowered below use never break anything.

local capacity = {}

-- Return the units an item of `channel` holds with the agent; `asked` is the item's own weight, 0 = none.
function capacity.weight(board, agent, channel, asked)
  local profile = config.profile(board, agent.profile)
  local terms = profile and profile.channels[channel]
  return asked > 0 and asked or terms and terms.weight or 1 -- given to an agent without the channel
end

-- Return why the agent has no room for one more item of `channel`, or nil when he has.
function capacity.no_room(board, agent, channel, asked)
  local profile = config.profile(board, agent.profile)
  local terms = profile and profile.channels[channel]
  if not terms then
    return 'channel-not-in-profile'
  elseif agent.held == '' then
    return profile.units < (asked > 0 and asked or terms.weight) and 'no-room' or nil
  end
  local room, count = profile.units, 0
  for _, held in ipairs(agents.holding(agent)) do
    local holding, parked = profile.channels[held.channel], held.channel == agents.PARKED
    count = count + (held.channel == channel and 1 or 0)
    if holding and holding.exclusive then
      return 'exclusive-work'
    elseif not (holding and holding.interruptible_by[channel]) then
      if terms.needs_empty and not parked then
        return 'needs-empty'
      end
      room = room - held.units
    end
  end
  if room < (asked > 0 and asked or terms.weight) then
    return 'no-room'
  elseif terms.maximum > 0 and count >= terms.maximum then
    return 'channel-maximum'
  end
  return nil
end

-- Return why nothing of `channel` can be offered to the agent now, or nil when it can. `item_id` is
-- the item his room may be held for.
function capacity.not_ready(board, agent, channel, asked, item_id)
  local status = config.status(board, agent.status)
  if agent.connections == 0 then
    return 'not-connected'
  elseif not (status and status.channels[channel]) then
    return 'status'
  elseif agent.offers > 0 then
    return 'offer-pending'
  elseif agent.pace > board.now then
    return 'return-pace'
  elseif agent.reserved ~= '' and agent.reserved ~= item_id then
    return 'room-held'
  end
  return capacity.no_room(board, agent, channel, asked)
end

-- Return the set of demands that can be offered to the agent now; empty while nothing is matched.
function capacity.ready_demands(board, agent)
  local ready = {}
  if board.meta.state == 'open' and agent.connections > 0 and agent.offers == 0 then
    for _, demand in ipairs(demands.all(board)) do
      if not capacity.not_ready(board, agent, demand.channel, demand.weight) then
        ready[demand.text] = true
      end
    end
  end
  return ready
end

-- Take the agent's room for `item`; the units are fixed by this.
function capacity.hold(board, agent, item)
  agents.take(agent, item, capacity.weight(board, agent, item.channel, item.weight))
end

-- Return the agent's units and how many of them he uses.
function capacity.load(board, agent)
  local profile, used = config.profile(board, agent.profile), 0
  for _, held in ipairs(agents.holding(agent)) do
    used = used + held.units
  end
  return profile and profile.units or 0, used
end
