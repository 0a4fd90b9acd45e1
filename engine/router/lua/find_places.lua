-- Purpose:   Tell where items stand and in which queue: 1 = next, 0 = not waiting.
-- Keys:      meta
-- Arguments: epoch, now, then items
-- Outcomes:  ok, with the list of {position, queue}
-- Events:    none

register_view('find_places', function(self, ...)
  local places = {}
  for i, id in ipairs({ ... }) do
    local item = items.read(self, id)
    local place = item and redis.call('ZRANK', keys.line(self, item.queue), id)
    places[i] = { place and place + 1 or 0, item and item.queue or '' }
  end
  return OUTCOME.ok, places
end)
