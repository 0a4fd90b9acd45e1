-- Purpose:   Let a work item wait for an agent: pending → queued, and → offered at once if one is ready.
-- Keys:      meta
-- Arguments: epoch, now, JSON {id, channel, queue, skills, priority, age, interaction, case, created}
-- Outcomes:  ok; repeated when the item is or was on the board; unknown_queue
-- Events:    enqueued; offered

register('enqueue_item', function(self, text)
  local given = cjson.decode(text)
  if items.read(self, given.id) then
    return OUTCOME.repeated
  end
  local queue = config.queue(self, given.queue)
  if not queue or queue.removed then
    return OUTCOME.unknown_queue
  end
  local item = items.create(self, given)
  events.item(self, EVENT.enqueued, item, {
    rank = item.rank, priority = item.priority, age_ms = item.age, channel = item.channel,
  })
  matching.place(self, item)
  return OUTCOME.ok
end)
