-- Purpose:   Note that the engine is alive, and handle due timers and alarms, a bounded number.
-- Keys:      meta
-- Arguments: epoch, now, limit
-- Outcomes:  ok, with the number of timers handled
-- Events:    those of the timers: missed, closed, presence, rescinded, lost, enqueued, relaxed, offered, accepted

register('run_timers', function(self, limit)
  self.meta.tick = self.now
  return OUTCOME.ok, timers.run(self, tonumber(limit))
end)
