-- Purpose:   Change an item's priority (absolute); its place in the line follows.
-- Keys:      meta
-- Arguments: epoch, now, item, priority
-- Outcomes:  ok; repeated when it has this priority; unknown_item; wrong_state when closed; invalid
-- Events:    reprioritised

register('reprioritise_item', function(self, item_id, text)
  local item, priority = items.read(self, item_id), tonumber(text)
  if not item then
    return items.closed(self, item_id) and OUTCOME.wrong_state or OUTCOME.unknown_item
  elseif not priority then
    return OUTCOME.invalid
  elseif item.priority == priority then
    return OUTCOME.repeated
  end
  local from, before = item.priority, items.bonus(self, item)
  item.priority = priority
  item.rank = item.rank + before - items.bonus(self, item)
  if item.state == STATE.queued then
    lines.rank_again(self, item)
  end
  events.item(self, EVENT.reprioritised, item, items.told(item, { from = from }))
  return OUTCOME.ok
end)
