-- Purpose:   Turn items away that no queue took in, before the record closes them: whoever hands one in again, late,
--            gets the same answer, so that none is both closed and on the board.
-- Keys:      meta
-- Arguments: epoch, now, JSON {item: {outcome, told}}: what enqueue_item answered
-- Outcomes:  ok, with JSON list of the items that are on the board, or were: those are not turned away
-- Events:    none

register('refuse_items', function(self, text)
  local standing = {}
  for id, answered in pairs(cjson.decode(text)) do
    local closed = items.closed(self, id)
    if items.read(self, id) or (closed and not closed.outcome) then
      standing[#standing + 1] = id
    elseif not closed then
      items.remember(self, id, { agent = '', assignment = 0, answer = '', outcome = answered.outcome, told = answered.told })
    end
  end
  return OUTCOME.ok, #standing > 0 and cjson.encode(standing) or '[]'
end)
