-- Purpose:   The customer of a parked item is back: parked → queued, in a new segment with its age; the agent who
--            had it is preferred.
-- Keys:      meta
-- Arguments: epoch, now, item, assignment in which it was parked (0 = any)
-- Outcomes:  ok; repeated when it waits already or an agent has it; unknown_item; wrong_state when closed;
--            stale_assignment when it was parked again since
-- Events:    resumed; offered

register('resume_item', function(self, item_id, assignment)
  local item = items.read(self, item_id)
  if not item then
    return items.closed(self, item_id) and OUTCOME.wrong_state or OUTCOME.unknown_item
  elseif item.state ~= STATE.parked then
    return OUTCOME.repeated
  elseif (tonumber(assignment) or 0) ~= 0 and item.last_assignment ~= tonumber(assignment) then
    return OUTCOME.stale_assignment
  end
  events.item(self, EVENT.resumed, item, { age_ms = item.age })
  local agent = parking.leave(self, item)
  item.waiting = self.now
  items.begin_segment(self, item)
  holds.ask(item, agent.id, false)
  items.rank(self, item)
  work.requeue(self, item)
  matching.settle(self, agent)
  return OUTCOME.ok
end)
