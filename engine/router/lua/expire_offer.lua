-- Purpose:   An offer's time is over (timer 'offer'): offered → queued, with rank and age. The agent
--            is passed over for a while; so many misses in a row change his status.
-- Keys:      meta
-- Arguments: run_timers calls it with the item
-- Outcomes:  none
-- Events:    missed; presence; offered to another agent; offered to this agent (another item)

timers.on.offer = function(self, item_id)
  local item = items.read(self, item_id)
  local agent = agents.read(self, item.agent)
  local misses = agent.misses + 1
  events.item(self, EVENT.missed, item, { misses = misses })
  work.release(self, item, 'missed')
  agent.misses, agent.idle = misses, self.now
  matching.pass_over(self, item, agent)
  local settings = config.settings(self)
  if settings.missed_status ~= '' and misses >= settings.missed_offers then
    if agent.status ~= settings.missed_status then
      presence.become(self, agent, settings.missed_status, 'missed')
    end
  end
  work.requeue(self, item)
  matching.settle(self, agent)
end
