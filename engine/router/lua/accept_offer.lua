-- Purpose:   The agent takes the item offered to him: offered → active.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment
-- Outcomes:  ok; repeated when he has taken it before; unknown_item, unknown_agent, not_yours,
--            stale_assignment, wrong_state, invalid
-- Events:    accepted; offered when the agent has room for more

local REPEATS = { active = true, wrapup = true, finished = true }

register('accept_offer', function(self, item_id, agent_id, assignment)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, agent, refused = work.check(self, ids, STATE.offered, REPEATS)
  if refused then
    return refused
  end
  timers.clear(self, 'offer', item.id)
  local offered_ms = self.now - item.since
  items.stop_waiting(self, item)
  items.become(self, item, STATE.active)
  item.accepted, item.deadline = item.assignment, 0
  agent.offers, agent.misses, agent.idle = agent.offers - 1, 0, self.now
  events.item(self, EVENT.accepted, item, { waited_ms = item.age, offered_ms = offered_ms })
  matching.settle(self, agent)
  return OUTCOME.ok
end)
