-- Purpose:   The customer's side is over: queued, offered, scheduled or parked → closed; active → wrapup (or
--            closed). Consults it asked for are over, too.
-- Keys:      meta
-- Arguments: epoch, now, item, reason
-- Outcomes:  ok; repeated when the contact is over; unknown_item
-- Events:    abandoned (with agent and assignment of an offer it takes back), or ended; closed; offered

register('conclude_item', function(self, item_id, reason)
  local item = items.read(self, item_id)
  if not item then
    return items.closed(self, item_id) and OUTCOME.repeated or OUTCOME.unknown_item
  end
  return contact.conclude(self, item, reason) and OUTCOME.ok or OUTCOME.repeated
end)
