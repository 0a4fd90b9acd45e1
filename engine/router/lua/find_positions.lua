-- Purpose:   Tell where items stand in their queues: 1 = next, 0 = not waiting.
-- Keys:      meta
-- Arguments: epoch, now, then items
-- Outcomes:  ok, with the list of positions
-- Events:    none

register_view('find_positions', function(self, ...)
  local positions = {}
  for i, id in ipairs({ ... }) do
    local item = items.read(self, id)
    local place = item and redis.call('ZRANK', keys.line(self, item.queue), id)
    positions[i] = place and place + 1 or 0
  end
  return OUTCOME.ok, positions
end)
