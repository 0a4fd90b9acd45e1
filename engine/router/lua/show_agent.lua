-- Purpose:   Tell one agent's status, load and the items he holds.
-- Keys:      meta
-- Arguments: epoch, now, agent
-- Outcomes:  ok, with {status, since, connections, units, used, items}; unknown_agent
--            item = {id, interaction, channel, state, assignment, queue, since, deadline (real)}
-- Events:    none

register_view('show_agent', function(self, agent_id)
  local agent = agents.read(self, agent_id)
  if not agent then
    return OUTCOME.unknown_agent
  end
  local held = {}
  for _, id in ipairs(agents.held(self, agent)) do
    local item = items.read(self, id)
    held[#held + 1] = {
      id, item.interaction, item.channel, item.state, item.assignment, item.queue, item.since,
      board.real(self, item.deadline),
    }
  end
  local units, used = capacity.load(self, agent)
  return OUTCOME.ok, { agent.status, agent.since, agent.connections, units, used, held }
end)
