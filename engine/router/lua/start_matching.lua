-- Purpose:   Open a rebuilt board: graces begin, agents are matched, the longest idle first. Many agents are
--            matched by and by.
-- Keys:      meta
-- Arguments: epoch, now
-- Outcomes:  ok; repeated when matching has started before
-- Events:    restored, of no item: the board is back; offered

local AT_ONCE = 20

register_early('start_matching', function(self)
  if self.meta.state == 'open' then
    return OUTCOME.repeated
  end
  self.meta.state, self.meta.tick = 'open', self.now
  events.board(self, EVENT.restored)
  tidying.plan(self)
  if redis.call('ZCARD', keys.agents(self)) > AT_ONCE then
    jobs.settle_agents(self)
    return OUTCOME.ok
  end
  local all = {}
  for _, id in ipairs(agents.page(self, '', AT_ONCE)) do
    all[#all + 1] = agents.read(self, id)
  end
  table.sort(all, function(left, right)
    return left.idle < right.idle or (left.idle == right.idle and left.id < right.id)
  end)
  for _, agent in ipairs(all) do
    presence.start_grace(self, agent)
    matching.settle(self, agent)
  end
  return OUTCOME.ok
end)
