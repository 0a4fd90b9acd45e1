-- Purpose:   An offer's time is over (timer 'offer'): offered → queued, with rank and age, unless others still
--            have it. The agent is passed over for a while; so many misses in a row change his status.
-- Keys:      meta
-- Arguments: run_timers calls it with item and agent
-- Outcomes:  none
-- Events:    missed; presence; offered to another agent; offered to this agent (another item)

timers.on.offer = function(self, item_id, agent_id)
  local item, agent = items.read(self, item_id), agents.read(self, agent_id)
  local misses = agent.misses + 1
  offers.take_back(self, item, agent_id, EVENT.missed, 'missed', { misses = misses })
  agent.misses, agent.idle = misses, self.now
  passing.over(self, item, agent)
  local settings = config.settings(self)
  if settings.missed_status ~= '' and misses >= settings.missed_offers then
    if agent.status ~= settings.missed_status then
      presence.become(self, agent, settings.missed_status, 'missed')
    end
  end
  if item.state == STATE.queued then
    work.requeue(self, item)
  end
  matching.settle(self, agent)
end
