-- Purpose:   Let a waiting item wait in another queue, because its own was removed from the
--            configuration. Its age counts on.
-- Keys:      meta
-- Arguments: epoch, now, item, queue, JSON skills
-- Outcomes:  ok; repeated when it waits there; unknown_item, unknown_queue; wrong_state when it
--            does not wait, or its queue is none of those removed
-- Events:    transferred (by no agent); offered

register('move_item', function(self, item_id, to_queue, skills)
  local item, queue = items.read(self, item_id), config.queue(self, to_queue)
  if not item then
    return items.closed(self, item_id) and OUTCOME.wrong_state or OUTCOME.unknown_item
  elseif item.state ~= STATE.queued then
    return OUTCOME.wrong_state
  elseif item.queue == to_queue then
    return OUTCOME.repeated
  elseif not config.queue(self, item.queue).removed then
    return OUTCOME.wrong_state -- the caller's configuration is another than the board's
  elseif not queue or queue.removed then
    return OUTCOME.unknown_queue
  end
  events.item(self, EVENT.transferred, item, {
    from_queue = item.queue, to_queue = to_queue, note = '', skills = cjson.decode(skills), priority = item.priority,
    due = item.due, segment_ms = requirements.waited(self, item),
  })
  lines.leave(self, item)
  item.queue, item.skills = to_queue, skills ~= '{}' and skills or ''
  items.begin_segment(self, item)
  items.rank(self, item)
  work.requeue(self, item)
  return OUTCOME.ok
end)
