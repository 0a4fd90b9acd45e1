-- Purpose:   Enqueue several items, as enqueue_item does each.
-- Keys:      meta
-- Arguments: epoch, now, JSON list of items
-- Outcomes:  ok, with the list of their outcomes
-- Events:    as enqueue_item

register('enqueue_items', function(self, text)
  local outcomes = {}
  for i, given in ipairs(cjson.decode(text)) do
    outcomes[i] = arrival.enqueue(self, given)
  end
  return OUTCOME.ok, outcomes
end)
