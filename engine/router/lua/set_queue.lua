-- Purpose:   Change a queue's condition: pause it (nothing is handed out), drain it (nothing comes in), open it;
--            say whether its hours are over; note the estimated wait.
-- Keys:      meta
-- Arguments: epoch, now, queue, mode ('open', 'paused', 'draining'; '' = as it is), closed ('1', '0'; '' = as it
--            is), estimated wait in milliseconds ('' = as it is)
-- Outcomes:  ok; repeated when nothing differs; unknown_queue; invalid
-- Events:    queue; offered, by and by, after a pause

local MODES = { [''] = true, open = true, paused = true, draining = true }

local function pause(self, key, paused)
  config.set_paused(self, key, paused)
  for _, id in ipairs(redis.call('SMEMBERS', keys.queue_signatures(self, key))) do
    lines.show_head(self, tonumber(id))
  end
  if not paused then
    jobs.match_queue(self, key)
  end
end

register_early('set_queue', function(self, key, mode, closed, estimate)
  local queue = config.queue(self, key)
  if not queue then
    return OUTCOME.unknown_queue
  elseif not MODES[mode] or (closed ~= '' and closed ~= '0' and closed ~= '1') then
    return OUTCOME.invalid
  end
  self.meta.conditions = 1
  local was_mode, was_closed = config.condition(self, key)
  if estimate ~= '' then
    redis.call('HSET', keys.conditions(self), 'estimate:' .. key, tonumber(estimate) or 0)
  end
  local new_mode = mode ~= '' and mode or was_mode
  local new_closed = closed ~= '' and closed == '1' or closed == '' and was_closed
  if new_mode == was_mode and new_closed == was_closed then
    return estimate ~= '' and OUTCOME.ok or OUTCOME.repeated
  end
  redis.call('HSET', keys.conditions(self), 'mode:' .. key, new_mode, 'closed:' .. key, new_closed and '1' or '0')
  events.queue(self, key, { mode = new_mode, closed = new_closed })
  if (new_mode == 'paused') ~= (was_mode == 'paused') then
    pause(self, key, new_mode == 'paused')
  end
  return OUTCOME.ok
end)
