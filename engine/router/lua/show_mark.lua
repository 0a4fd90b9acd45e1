-- Purpose:   Tell the board's state, epoch and last event without touching anything.
-- Keys:      meta
-- Arguments: epoch, now
-- Outcomes:  ok, with the state
-- Events:    none

register_view('show_mark', function(self)
  return OUTCOME.ok, self.meta.state
end)
