-- Purpose:   Wrap-up is done, or its time is over (timer 'wrapup'): wrapup → closed.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment
-- Outcomes:  ok; repeated when it is over; unknown_item, unknown_agent, not_yours,
--            stale_assignment, wrong_state, invalid
-- Events:    closed; offered

register('finish_wrapup', function(self, item_id, agent_id, assignment)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, _, refused = work.check(self, ids, STATE.wrapup, { finished = true })
  if refused then
    return refused
  end
  matching.settle(self, contact.close(self, item, 'done'))
  return OUTCOME.ok
end)

