-- Rooms: lighter work may pass an item that does not fit anybody, until it has waited for its queue's
-- `hold_room_after`; then one eligible agent's room is kept for it (`reserved`), so that it does not starve.

local rooms = {}

local LOOKED_AT = 200

local function delay(board, item)
  return config.queue(board, item.queue).hold_room_after or 0
end

-- See to it that room is held when the item, which begins to wait, has waited for too long.
function rooms.watch(board, item)
  local after = delay(board, item)
  if after > 0 and item.state == STATE.queued and item.room_of == '' then
    local moment = board.now + math.max(after - requirements.waited_here(board, item), 0)
    timers.alarm(board, moment, 'room', item.id)
  end
end

-- Return why the agent can never have room for such work as he is now, or nil; and his units in use.
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

-- Return the fitting agent who is the least loaded of those looked at, or nil.
local function find(board, item)
  local signature, looked = signatures.read(board, item.signature), 0
  local best, best_used
  local key, least = fit.narrowest(board, signature)
  for _, cohort in ipairs(key and redis.call('ZRANGEBYSCORE', key, least, '+inf', 'LIMIT', 0, LOOKED_AT) or {}) do
    if looked < LOOKED_AT and fit.tier(cohorts.read(board, tonumber(cohort)), signature, false) then
      for _, id in ipairs(redis.call('SRANDMEMBER', keys.cohort(board, cohort), LOOKED_AT - looked)) do
        local agent = agents.read(board, id)
        looked = looked + 1
        if is_fit(board, item, agent) then
          local _, used = capacity.load(board, agent)
          if not best or used < best_used or (used == best_used and agent.idle < best.idle) then
            best, best_used = agent, used
          end
        end
      end
    end
  end
  return best
end

local AGAIN_MS = 1000

timers.on.room = function(board, item_id)
  local item = items.read(board, item_id)
  if not item or item.state ~= STATE.queued or item.room_of ~= '' or delay(board, item) == 0 then
    return
  end
  local agent = item.holder == '' and find(board, item)
  if not agent then
    timers.alarm(board, board.now + AGAIN_MS, 'room', item_id)
    return
  end
  agent.reserved, item.room_of = item.id, agent.id
  matching.settle(board, agent)
end

-- Return the item the agent's room is held for when he can take it now, or nil.
function rooms.kept(board, agent)
  local item = agent.reserved ~= '' and items.read(board, agent.reserved)
  return item and item.state == STATE.queued and holds.can_take(board, item, agent) and item or nil
end

-- The item is offered to `agent` (nil: it waits no more): whoever's room was held for it is free.
function rooms.release(board, item, agent)
  if delay(board, item) == 0 or item.room_of == '' then
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
    timers.alarm(board, board.now, 'room', item.id)
  end
end
