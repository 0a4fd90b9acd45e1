-- Purpose:   Note that the engine is alive, and handle due timers and alarms, a bounded number.
-- Keys:      meta
-- Arguments: epoch, now, budget: what a plain timer costs is 1
-- Outcomes:  ok, with what those handled cost; the budget where there is more to do at once
-- Events:    those of the timers: missed, closed, presence, rescinded, lost, enqueued, relaxed, offered, accepted

register('run_timers', function(self, budget)
  self.meta.tick = self.now
  return OUTCOME.ok, timers.run(self, tonumber(budget))
end)
