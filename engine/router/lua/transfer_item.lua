-- Purpose:   The agent hands the item to a queue: active → queued. Its age counts on; it does not come
--            back to him for a while.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment, queue, JSON skills, note
-- Outcomes:  ok; repeated when he has transferred it before; unknown_item, unknown_agent,
--            unknown_queue, not_yours, stale_assignment, wrong_state, invalid
-- Events:    transferred; offered to another agent; offered to this agent (another item)

register('transfer_item', function(self, item_id, agent_id, assignment, to_queue, skills, note)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, agent, refused = work.check(self, ids, STATE.active, { transferred = true })
  if refused then
    return refused
  end
  local queue = config.queue(self, to_queue)
  if not queue or queue.removed then
    return OUTCOME.unknown_queue
  end
  events.item(self, EVENT.transferred, item, {
    from_queue = item.queue, to_queue = to_queue, note = note,
  })
  work.release(self, item, 'transferred')
  agent.idle = self.now
  item.queue, item.skills = to_queue, skills
  item.signature = signatures.of(self, to_queue, item.channel, cjson.decode(skills))
  items.rank(self, item)
  matching.pass_over(self, item, agent)
  work.requeue(self, item)
  matching.settle(self, agent)
  return OUTCOME.ok
end)
