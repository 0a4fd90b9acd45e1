-- Admission: may an item enter a queue, and where does it go when not? A queue is full (by length or by
-- estimated wait), closed (its hours, or being drained) or unstaffed; it says what becomes of arrivals
-- then: another queue, something the channel does (a message, a callback, a refusal), or they wait all
-- the same. Kinds that are not refusable (mail) are never turned away, but may be sent on.

local admission = {}

local MOST_HOPS = 5

-- Return how many agents who could do such work are signed in, with room or without.
function admission.staff(board, key, skills, channel)
  local wanted = requirements.joined(config.queue(board, key), skills)
  local text = signatures.text({ key }, demands.text(channel, 0), wanted)
  local signature = signatures.parse(0, text)
  local set, least = fit.narrowest(board, signature)
  local count = 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, least, '+inf')) do
    if fit.tier(cohorts.read(board, tonumber(id)), signature, false) then
      count = count + tonumber(redis.call('HGET', keys.staff(board), id) or 0)
    end
  end
  return count
end

-- Return why the queue takes no arrivals now, or nil.
local function obstacle(board, key, queue, given)
  local mode, closed, estimate = config.condition(board, key)
  local limit = queue.limit_items or 0
  if closed or mode == 'draining' then
    return 'closed'
  elseif limit > 0 and redis.call('ZCARD', keys.line(board, key)) >= limit then
    return 'full'
  elseif (queue.limit_wait or 0) > 0 and estimate > queue.limit_wait then
    return 'wait'
  elseif queue.overflow and queue.overflow.unstaffed
    and admission.staff(board, key, given.skills, given.channel) == 0 then
    return 'unstaffed'
  end
  return nil
end

local OTHERWISE = { full = 'refuse', wait = 'refuse', closed = 'refuse', unstaffed = 'wait' }

-- Return the queue that takes an arrival at `key`; or nil, the outcome, and what is to be done instead.
-- The third value tells of an overflow: {from, to, why}.
function admission.find(board, key, given)
  local kind, from, why = config.kind(board, given.channel), key, nil
  for _ = 1, MOST_HOPS do
    local queue = config.queue(board, key)
    if not queue or queue.removed then
      return nil, OUTCOME.unknown_queue
    end
    local reason = obstacle(board, key, queue, given)
    local action = reason and (queue.overflow and queue.overflow[reason] or { ['do'] = OTHERWISE[reason] })
    if action and action.to and action.to ~= from then
      key, why = action.to, why or reason
    elseif not action or action['do'] == 'wait' or action.to or not kind.refusable then
      return key, nil, key ~= from and { from = from, to = key, why = why } or nil
    else
      local closed = reason == 'closed' or reason == 'unstaffed'
      local outcome = closed and OUTCOME.queue_closed or OUTCOME.queue_full
      return nil, outcome, { why = reason, ['do'] = action['do'], queue = key }
    end
  end
  return key, nil, { from = from, to = key, why = why }
end
