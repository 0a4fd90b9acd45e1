-- Purpose:   Outside facts and direct hand-overs: a new item is with this agent already (a call the PBX
--            connected). His room may go below zero; then he is offered nothing until it is not.
-- Keys:      meta
-- Arguments: epoch, now, JSON as enqueue_item, with agent
-- Outcomes:  ok; repeated when the item is or was on the board; unknown_queue, unknown_agent; invalid;
--            too_many_signatures; queue_full and queue_closed never
-- Events:    enqueued; accepted (by = outside)

register('assign_item', function(self, text)
  local given = cjson.decode(text)
  local agent, queue = agents.read(self, given.agent), config.queue(self, given.queue)
  if not agent then
    return OUTCOME.unknown_agent
  elseif not queue or queue.removed then
    return OUTCOME.unknown_queue
  elseif not string.find(given.id, '^[%w_:.-]+$') then
    return OUTCOME.invalid
  elseif items.read(self, given.id) or items.closed(self, given.id) then
    return OUTCOME.repeated
  end
  local item = items.create(self, given)
  if not item then
    return OUTCOME.too_many_signatures
  end
  events.item(self, EVENT.enqueued, item, {
    rank = item.rank, priority = item.priority, age_ms = item.age, channel = item.channel,
  })
  arrival.adopt(self, item, given)
  work.hand_over(self, item, agent, { by = 'outside' })
  presence.start_grace(self, agent)
  matching.settle(self, agent)
  return OUTCOME.ok
end)
