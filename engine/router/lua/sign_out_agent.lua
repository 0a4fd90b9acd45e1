-- Purpose:   The agent signs out; his active items return to their queues or end, as he says.
-- Keys:      meta
-- Arguments: epoch, now, agent, 'requeue' or 'end'
-- Outcomes:  ok; repeated when he is signed out and holds nothing; unknown_agent; invalid
-- Events:    presence; rescinded; lost or ended for each active item; closed for each wrap-up;
--            offered to others

register('sign_out_agent', function(self, agent_id, open_work)
  local agent = agents.read(self, agent_id)
  if not agent then
    return OUTCOME.unknown_agent
  elseif open_work ~= 'requeue' and open_work ~= 'end' then
    return OUTCOME.invalid
  elseif agent.status == config.settings(self).sign_out_status and agent.held == '' then
    return OUTCOME.repeated
  end
  leaving.sign_out(self, agent, open_work == 'end', 'signed-out')
  matching.settle(self, agent)
  return OUTCOME.ok
end)
