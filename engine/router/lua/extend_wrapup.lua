-- Purpose:   The agent needs more time for his wrap-up: the queue says how much, and how often.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment
-- Outcomes:  ok, with the new deadline (real time); unknown_item, unknown_agent, not_yours, stale_assignment,
--            wrong_state, invalid; refused when there is no more time to be had
-- Events:    wrapup_extended

register('extend_wrapup', function(self, item_id, agent_id, assignment)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, _, refused = work.check(self, ids, STATE.wrapup, {})
  if refused then
    return refused
  end
  local queue = config.queue(self, item.queue)
  local more, most = queue.wrapup_extend or 0, queue.wrapup_extensions or 0
  if more == 0 or item.deadline == 0 or item.extensions >= most then
    return OUTCOME.refused
  end
  item.extensions, item.deadline = item.extensions + 1, item.deadline + more
  timers.set(self, item.deadline, 'wrapup', item.id)
  local deadline = board.real(self, item.deadline)
  events.item(self, EVENT.wrapup_extended, item, {
    state = item.state, deadline_ms = deadline, extensions = item.extensions,
  })
  return OUTCOME.ok, deadline
end)
