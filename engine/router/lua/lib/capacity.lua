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

-- Say whether no channel of the profile has rules beyond its weight: then only the sum of units counts.
local function is_plain(profile)
  if profile.plain == nil then
    profile.plain = true
    for _, terms in pairs(profile.channels) do
      if terms.exclusive or terms.needs_empty or terms.maximum > 0 or next(terms.interruptible_by) then
        profile.plain = false
      end
    end
  end
  return profile.plain
end

-- Return why there is no room beside what the agent holds, by the rules of all channels, or nil.
local function obstacle(agent, profile, channel, terms, asked)
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

-- Return why the agent has no room for one more item of `channel`, or nil when he has.
function capacity.no_room(board, agent, channel, asked)
  local profile = config.profile(board, agent.profile)
  local terms = profile and profile.channels[channel]
  if not terms then
    return 'channel-not-in-profile'
  elseif agent.held == '' or is_plain(profile) then
    local used = agent.held == '' and 0 or agents.holding(agent).used
    return profile.units - used < (asked > 0 and asked or terms.weight) and 'no-room' or nil
  end
  return obstacle(agent, profile, channel, terms, asked)
end

-- Return why nothing at all can be offered to the agent now, or nil. `item_id` is the item his room may be
-- held for.
local function not_at_all(board, agent, item_id)
  if agent.connections == 0 then
    return 'not-connected'
  elseif agent.offers > 0 then
    return 'offer-pending'
  elseif agent.pace > board.now then
    return 'return-pace'
  elseif agent.reserved ~= '' and agent.reserved ~= item_id then
    return 'room-held'
  end
  return nil
end

-- Return why nothing of `channel` can be offered to the agent now, or nil when it can.
function capacity.not_ready(board, agent, channel, asked, item_id)
  local status = config.status(board, agent.status)
  if agent.connections > 0 and not (status and status.channels[channel]) then
    return 'status'
  end
  return not_at_all(board, agent, item_id) or capacity.no_room(board, agent, channel, asked)
end

-- Return the set of demands that can be offered to the agent now; empty while nothing is matched.
function capacity.ready_demands(board, agent)
  local ready, status = {}, config.status(board, agent.status)
  if board.meta.state == 'open' and status and not not_at_all(board, agent, nil) then
    for _, demand in ipairs(demands.all(board)) do
      if status.channels[demand.channel] and not capacity.no_room(board, agent, demand.channel, demand.weight) then
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
  local profile = config.profile(board, agent.profile)
  return profile and profile.units or 0, agents.holding(agent).used
end
