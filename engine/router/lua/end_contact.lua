-- Purpose:   The agent ends the contact: active → wrapup, and → closed where there is no wrap-up.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment
-- Outcomes:  ok; repeated when it has ended before; unknown_item, unknown_agent, not_yours,
--            stale_assignment, wrong_state, invalid
-- Events:    ended; closed; offered

register('end_contact', function(self, item_id, agent_id, assignment)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, agent, refused = work.check(self, ids, STATE.active, { wrapup = true, finished = true })
  if refused then
    return refused
  end
  if contact.finish_active(self, item, 'agent') then
    matching.settle(self, agent)
  end
  return OUTCOME.ok
end)
