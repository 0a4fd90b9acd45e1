-- Purpose:   Tell one agent's status, load and the items he holds or has parked.
-- Keys:      meta
-- Arguments: epoch, now, agent
-- Outcomes:  ok, with {status, since, connections, units, used, items}; unknown_agent
--            item = {id, interaction, channel, state, assignment, queue, since, deadline (real), extensions}
-- Events:    none

local PARKED_SHOWN = 200

register_view('show_agent', function(self, agent_id)
  local agent = agents.read(self, agent_id)
  if not agent then
    return OUTCOME.unknown_agent
  end
  local ids, seen, held = agents.held(agent), {}, {}
  for _, id in ipairs(redis.call('ZRANGE', keys.parked(self, agent_id), 0, PARKED_SHOWN - 1)) do
    ids[#ids + 1] = id
  end
  for _, id in ipairs(ids) do
    local item = not seen[id] and items.read(self, id)
    if item then
      seen[id] = true
      held[#held + 1] = {
        id, item.interaction, item.channel, item.state, offers.number(item, agent_id), item.queue, item.since,
        board.real(self, item.deadline), item.extensions,
      }
    end
  end
  local units, used = capacity.load(self, agent)
  return OUTCOME.ok, { agent.status, agent.since, agent.connections, units, used, held }
end)
