-- Purpose:   The agent puts an item aside that waits for the customer: active → parked.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment, why, last line of the transcript that was known ('' = none told)
-- Outcomes:  ok; repeated when it is parked; unknown_item, unknown_agent, not_yours, stale_assignment,
--            wrong_state, invalid; no_room when he has as many parked as he may
-- Events:    parked; offered

register('park_item', function(self, item_id, agent_id, assignment, why, seen)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, agent, refused = work.check(self, ids, STATE.active, { parked = true })
  if refused then
    return refused
  elseif not parking.is_allowed(self, agent, item.channel) then
    return OUTCOME.no_room
  end
  events.item(self, EVENT.parked, item, { reason = why, seen_seq = tonumber(seen) })
  parking.enter(self, item, agent)
  agent.idle = self.now
  matching.settle(self, agent)
  return OUTCOME.ok
end)
