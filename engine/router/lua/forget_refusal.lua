-- Purpose:   An agent is no longer passed over for an item (timer 'memory'): match again.
-- Keys:      meta
-- Arguments: run_timers calls it with item and agent
-- Outcomes:  none
-- Events:    offered
--
-- Only this pair can have become possible, so it is enough to settle the agent.

timers.on.memory = function(self, item_id, agent_id)
  matching.forget(self, item_id, agent_id)
  matching.settle(self, agents.read(self, agent_id))
end
