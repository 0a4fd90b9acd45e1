-- Purpose:   Note that the engine is alive, and handle due timers and old tombstones, a bounded number.
-- Keys:      meta
-- Arguments: epoch, now, limit
-- Outcomes:  ok, with the number of timers handled
-- Events:    those of the timers: missed, closed, presence, rescinded, lost, offered

local function drop_tombstones(self, limit)
  local key = keys.tombstones(self)
  local old = redis.call('ZRANGEBYSCORE', key, '-inf', self.now, 'LIMIT', 0, limit)
  for _, id in ipairs(old) do
    redis.call('ZREM', key, id)
    redis.call('UNLINK', keys.item(self, id))
  end
end

register('run_timers', function(self, limit)
  self.meta.tick = self.now
  drop_tombstones(self, limit)
  return OUTCOME.ok, timers.run(self, tonumber(limit))
end)
