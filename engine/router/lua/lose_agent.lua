-- Purpose:   An agent did not come back within the grace (timer 'grace'): sign him out; active → queued.
-- Keys:      meta
-- Arguments: run_timers calls it with the agent
-- Outcomes:  none
-- Events:    presence; lost for each active item; closed for each wrap-up; offered to others

timers.on.grace = function(self, agent_id)
  local agent = agents.read(self, agent_id)
  if agent.connections == 0 then
    presence.sign_out(self, agent, false, 'lost')
  end
end
