-- Purpose:   The agent chooses a presence status; an offer it does not take returns without a miss.
-- Keys:      meta
-- Arguments: epoch, now, agent, status
-- Outcomes:  ok; repeated when he has this status; unknown_agent, unknown_status
-- Events:    presence; rescinded; offered

register_early('set_status', function(self, agent_id, key)
  local agent, status = agents.read(self, agent_id), config.status(self, key)
  if not agent then
    return OUTCOME.unknown_agent
  elseif not status then
    return OUTCOME.unknown_status
  elseif agent.status == key then
    return OUTCOME.repeated
  end
  matching.withdraw(self, agent)
  presence.become(self, agent, key, 'chosen')
  presence.rescind(self, agent, 'status', status.channels)
  presence.start_grace(self, agent)
  matching.settle(self, agent)
  return OUTCOME.ok
end)
