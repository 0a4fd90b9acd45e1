-- Purpose:   A socket of the agent is there: open its lease; the first one makes him present.
-- Keys:      meta
-- Arguments: epoch, now, agent, connection
-- Outcomes:  ok; unknown_agent
-- Events:    presence when it is his first connection; offered

register_early('connect_agent', function(self, agent_id, connection)
  local agent = agents.read(self, agent_id)
  if not agent then
    return OUTCOME.unknown_agent
  end
  if presence.renew(self, agent, connection, true) then
    presence.came(self, agent)
  end
  return OUTCOME.ok
end)
