-- Purpose:   Let a work item wait for an agent: pending → queued, and → offered at once if one is ready; or
--            → scheduled until its time has come.
-- Keys:      meta
-- Arguments: epoch, now, JSON {id, channel, queue} and, where they say anything, {weight, skills, preferred, priority,
--            due, age, not_before, preferred_agent, required, parent, exclude, interaction}
-- Outcomes:  ok, with '' or JSON {from, to, why} when another queue has it; repeated when the item is or was
--            on the board; unknown_queue; queue_full, queue_closed with JSON {why, do, queue}; invalid;
--            too_many_signatures; of an item that was turned away, as it was answered then
-- Events:    as lib/arrival.lua

register('enqueue_item', function(self, text)
  local outcome, result = arrival.enqueue(self, cjson.decode(text))
  return outcome, result and cjson.encode(result) or ''
end)
