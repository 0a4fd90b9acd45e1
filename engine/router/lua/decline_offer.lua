-- Purpose:   The agent declines: offered → queued, with rank and age, unless others still have the offer; he is
--            passed over for a while.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment, reason
-- Outcomes:  ok; repeated when he has declined it before; unknown_item, unknown_agent, not_yours,
--            stale_assignment, wrong_state, invalid
-- Events:    declined; offered to another agent; offered to this agent (another item)

register('decline_offer', function(self, item_id, agent_id, assignment, reason)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, agent, refused = work.check(self, ids, STATE.offered, { declined = true })
  if refused then
    return refused
  end
  offers.take_back(self, item, agent.id, EVENT.declined, 'declined', { reason = reason })
  agent.misses, agent.idle = 0, self.now -- he had his turn
  passing.over(self, item, agent)
  if item.state == STATE.queued then
    work.requeue(self, item)
  end
  matching.settle(self, agent)
  return OUTCOME.ok
end)
