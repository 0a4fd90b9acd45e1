-- Rings: while an agent's telephone rings he is offered nothing. Each leg that rings is a mark with the moment
-- at which it ends if nobody takes it off before. The latest of them stands in his record as `pace`, the moment
-- before which nothing is offered; a pace that he had already is kept among the marks, under no leg.

local rings = {}

local RETURN = ''
local MOST = 20

-- Return the marks that are not over: leg → moment.
local function standing(board, agent)
  local list, marks = redis.call('HGETALL', keys.rings(board, agent.id)), {}
  for i = 1, #list, 2 do
    local moment = tonumber(list[i + 1])
    if moment > board.now then
      marks[list[i]] = moment
    end
  end
  return marks
end

-- Put down the marks in place of those that stand there.
local function write(board, agent, marks)
  local key, latest = keys.rings(board, agent.id), 0
  redis.call('UNLINK', key)
  for leg, moment in pairs(marks) do
    redis.call('HSET', key, leg, string.format('%d', moment))
    latest = math.max(latest, moment)
  end
  agent.pace = latest
  if latest > 0 then
    timers.alarm(board, latest, 'pace', agent.id)
  else
    timers.disarm(board, 'pace', agent.id)
  end
end

-- Note that a leg rings until a moment; return false where that says nothing new.
function rings.add(board, agent, leg, moment)
  local marks, count = standing(board, agent), 0
  for _ in pairs(marks) do
    count = count + 1
  end
  if moment <= board.now or moment <= (marks[leg] or 0) or (count >= MOST and not marks[leg]) then
    return false
  end
  if count == 0 and agent.pace > board.now then
    marks[RETURN] = agent.pace
  end
  marks[leg] = moment
  write(board, agent, marks)
  return true
end

-- Note that a leg rings no more; return whether it did.
function rings.remove(board, agent, leg)
  local marks = standing(board, agent)
  if leg == RETURN or not marks[leg] then
    return false
  end
  marks[leg] = nil
  write(board, agent, marks)
  return true
end

-- Say whether his telephone rings.
function rings.any(board, agent)
  local marks = standing(board, agent)
  marks[RETURN] = nil
  return next(marks) ~= nil
end

-- His pace is over, and every mark with it.
function rings.forget(board, agent)
  redis.call('UNLINK', keys.rings(board, agent.id))
end
