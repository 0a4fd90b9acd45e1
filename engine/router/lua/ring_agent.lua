-- Purpose:   The agent's telephone rings: what is offered to him returns without a miss, and nothing is until the
--            last leg that rings is taken off or its time is over.
-- Keys:      meta
-- Arguments: epoch, now, agent, leg (a name, unique to the agent), moment at which its mark ends (real time)
-- Outcomes:  ok; repeated when it rings so long already, or is over; unknown_agent, invalid
-- Events:    rescinded; offered to others

local LONGEST = 1000

register_early('ring_agent', function(self, agent_id, leg, moment)
  local agent, ends = agents.read(self, agent_id), tonumber(moment)
  if not agent then
    return OUTCOME.unknown_agent
  elseif not ends or leg == '' or #leg > LONGEST then
    return OUTCOME.invalid
  elseif not rings.add(self, agent, leg, ends) then
    return OUTCOME.repeated
  end
  matching.withdraw(self, agent)
  presence.rescind(self, agent, 'phone-rings')
  matching.settle(self, agent)
  return OUTCOME.ok
end)
