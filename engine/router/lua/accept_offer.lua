-- Purpose:   The agent takes the item offered to him: offered → active; others who were offered it lose it.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment
-- Outcomes:  ok; repeated when he has taken it before; unknown_item, unknown_agent, not_yours,
--            stale_assignment, wrong_state, invalid
-- Events:    rescinded for the others; accepted; offered when an agent has room for more

local REPEATS = { active = true, wrapup = true, parked = true, finished = true }

register('accept_offer', function(self, item_id, agent_id, assignment)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, agent, refused = work.check(self, ids, STATE.offered, REPEATS)
  if refused then
    return refused
  end
  offers.accept(self, item, agent, {})
  matching.settle(self, agent)
  return OUTCOME.ok
end)
