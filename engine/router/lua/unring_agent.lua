-- Purpose:   A leg of the agent's telephone rings no more: he is offered work again, unless another does.
-- Keys:      meta
-- Arguments: epoch, now, agent, leg
-- Outcomes:  ok; repeated when it does not ring; unknown_agent
-- Events:    offered

register('unring_agent', function(self, agent_id, leg)
  local agent = agents.read(self, agent_id)
  if not agent then
    return OUTCOME.unknown_agent
  elseif not rings.remove(self, agent, leg) then
    return OUTCOME.repeated
  end
  matching.settle(self, agent)
  return OUTCOME.ok
end)
