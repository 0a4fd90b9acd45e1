-- Purpose:   Sockets are alive: extend their leases. One the board does not know (it was rebuilt, or
--            the lease lapsed during a stall) is opened; one that was closed stays closed.
-- Keys:      meta
-- Arguments: epoch, now, then agent and connection in turn
-- Outcomes:  ok
-- Events:    presence for an agent who was not connected; offered

register_early('renew_leases', function(self, ...)
  local pairs_of = { ... }
  for i = 1, #pairs_of, 2 do
    local agent = agents.read(self, pairs_of[i])
    if agent and presence.renew(self, agent, pairs_of[i + 1], false) then
      presence.came(self, agent)
    end
  end
  return OUTCOME.ok
end)
