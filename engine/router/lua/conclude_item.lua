-- Purpose:   The customer's side is over: queued or offered → closed; active → wrapup (or closed).
-- Keys:      meta
-- Arguments: epoch, now, item, reason
-- Outcomes:  ok; repeated when the contact is over; unknown_item
-- Events:    abandoned (with agent and assignment of an offer it takes back), or ended; closed; offered

local function abandon(self, item, reason)
  local waited = items.waited(self, item)
  events.item(self, EVENT.abandoned, item, { reason = reason, waited_ms = waited })
  if item.state == STATE.queued then
    items.leave_line(self, item)
    work.close(self, item)
    return
  end
  local agent = work.release(self, item, 'abandoned')
  work.close(self, item)
  matching.settle(self, agent)
end

register('conclude_item', function(self, item_id, reason)
  local item = items.read(self, item_id)
  if not item then
    return OUTCOME.unknown_item
  elseif item.state == STATE.wrapup or item.state == STATE.closed then
    return OUTCOME.repeated
  elseif item.state ~= STATE.active then
    abandon(self, item, reason)
    return OUTCOME.ok
  end
  local agent = agents.read(self, item.agent)
  if work.end_contact(self, item, reason) then
    matching.settle(self, agent)
  end
  return OUTCOME.ok
end)
