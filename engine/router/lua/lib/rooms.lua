-- Rooms: lighter work may pass an item that does not fit anybody, until it has waited for its queue's
-- `hold_room_after`; then one eligible agent's room is kept for it (`reserved`), so that it does not starve.

local rooms = {}

local LOOKED_AT = 200

local function delay(board, item)
  return config.queue(board, item.queue).hold_room_after or 0
end

-- See to it that room is held when the item, which begins to wait, has waited for too long. There is one
-- alarm for all that ask for the same.
function rooms.watch(board, item)
  local after = delay(board, item)
  if after > 0 and item.state == STATE.queued and item.holder == '' and item.room_of == '' then
    local moment = board.now + math.max(after - requirements.waited_here(board, item), 0)
    timers.alarm_by(board, moment, 'room', string.format('%d', item.signature))
  end
end

-- Say whether the agent would have room for such work if he had nothing else to do.
local function is_fit(board, item, agent)
  local status, profile = config.status(board, agent.status), config.profile(board, agent.profile)
  local terms = profile and profile.channels[item.channel]
  if agent.connections == 0 or not (status and status.channels[item.channel]) or not terms then
    return false
  elseif agent.reserved ~= '' or profile.units < capacity.weight(board, agent, item.channel, item.weight) then
    return false
  end
  return item.passed == 0 or redis.call('SISMEMBER', keys.passed(board, item.id), agent.id) == 0
end

local function is_before(board, left, right)
  local _, left_used = capacity.load(board, left)
  local _, right_used = capacity.load(board, right)
  return left_used < right_used
    or left_used == right_used and (left.idle < right.idle or left.idle == right.idle and left.id < right.id)
end

-- Return the fitting agent who is the least loaded of those looked at, or nil.
local function find(board, item)
  local left, best = LOOKED_AT, nil
  for _, cohort in ipairs(fit.staffed(board, signatures.read(board, item.signature), LOOKED_AT)) do
    local some = left > 0 and redis.call('SRANDMEMBER', keys.cohort(board, cohort), left) or {}
    left = left - #some
    for _, id in ipairs(some) do
      local agent = agents.read(board, id)
      if is_fit(board, item, agent) and (not best or is_before(board, agent, best)) then
        best = agent
      end
    end
  end
  return best
end

local AGAIN_MS, AT_ONCE = 1000, 20

-- Hold room for the first of the signature's items that have waited for too long; look again later.
timers.on.room = function(board, subject)
  local id, again = tonumber(subject), nil
  for _, item_id in ipairs(redis.call('ZRANGE', keys.waiting(board, id), 0, AT_ONCE - 1)) do
    local item = items.read(board, item_id)
    local after = delay(board, item)
    local missing = after - requirements.waited_here(board, item)
    if after > 0 and item.room_of == '' and missing > 0 then
      again = math.min(again or missing, missing)
    elseif after > 0 and item.room_of == '' then
      local agent = not config.paused(board, item.queue) and find(board, item)
      if not agent then
        again = AGAIN_MS
        break
      end
      agent.reserved, item.room_of = item.id, agent.id
      matching.settle(board, agent)
    end
  end
  if again or redis.call('ZCARD', keys.waiting(board, id)) > AT_ONCE then
    timers.alarm_by(board, board.now + (again or AGAIN_MS), 'room', subject)
  end
end

-- Return the item the agent's room is held for when he can take it now, or nil. Room for what is not to be
-- had any more is free.
function rooms.kept(board, agent)
  local item = agent.reserved ~= '' and items.read(board, agent.reserved)
  if not item or item.state ~= STATE.queued or item.room_of ~= agent.id or delay(board, item) == 0 then
    if item and item.room_of == agent.id then
      item.room_of = ''
    end
    agent.reserved = ''
    return nil
  end
  return not config.paused(board, item.queue) and holds.can_take(board, item, agent) and item or nil
end

-- The item is offered to `agent` (nil: it waits no more): whoever's room was held for it is free.
function rooms.release(board, item, agent)
  if delay(board, item) == 0 or item.room_of == '' then -- without a delay `kept` sees to it
    return
  end
  local keeper = agents.read(board, item.room_of)
  item.room_of = ''
  if keeper and keeper.reserved == item.id then
    keeper.reserved = ''
    if not agent or keeper.id ~= agent.id then
      matching.settle(board, keeper)
    end
  end
end

-- The agent can keep his room no longer: another will be found.
function rooms.give_up(board, agent)
  local item = agent.reserved ~= '' and items.read(board, agent.reserved)
  agent.reserved = ''
  if item and item.state == STATE.queued and item.room_of == agent.id then
    item.room_of = ''
    rooms.watch(board, item)
  end
end
