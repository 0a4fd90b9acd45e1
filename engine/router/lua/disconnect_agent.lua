-- Purpose:   A socket of the agent is gone, by word or because its lease lapsed (timer 'lease'). With
--            the last one his offers return at once; his chats after a grace (timer 'grace').
-- Keys:      meta
-- Arguments: epoch, now, agent, connection
-- Outcomes:  ok; repeated when it is not open; unknown_agent
-- Events:    presence when it was his last connection; rescinded; offered to others

register_early('disconnect_agent', function(self, agent_id, connection)
  local agent = agents.read(self, agent_id)
  if not agent then
    return OUTCOME.unknown_agent
  elseif redis.call('HGET', keys.connections(self, agent.id), connection) ~= 'open' then
    return OUTCOME.repeated
  end
  if presence.close(self, agent, connection) then
    presence.went(self, agent, 'disconnected')
  end
  return OUTCOME.ok
end)

timers.on.lease = function(self, agent_id, connection)
  local agent = agents.read(self, agent_id)
  local last = presence.close(self, agent, connection)
  redis.call('HDEL', keys.connections(self, agent_id), connection)
  if last then
    presence.went(self, agent, 'lapsed')
  end
end
