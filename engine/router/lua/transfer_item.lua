-- Purpose:   The agent hands the item on, to a queue, to other skills, to an agent: active → queued. Its age
--            counts on; it does not come back to him for a while.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, assignment, JSON {queue, skills, preferred, agent, note}
-- Outcomes:  ok; repeated when he has transferred it before; unknown_item, unknown_agent, unknown_queue,
--            not_yours, stale_assignment, wrong_state, invalid; queue_full, queue_closed,
--            too_many_signatures before he lets go
-- Events:    transferred; offered to another agent; offered to this agent (another item)

-- Return the queue that takes it, or nil and why none does.
local function target(self, item, wanted)
  local key = wanted.queue and wanted.queue ~= '' and wanted.queue or item.queue
  local queue = config.queue(self, key)
  if not queue or queue.removed then
    return nil, OUTCOME.unknown_queue
  elseif wanted.agent and wanted.agent ~= '' then
    return key
  end
  local found, refused, told = admission.find(self, key, { channel = item.channel, skills = wanted.skills or {} })
  return found, refused, told
end

register('transfer_item', function(self, item_id, agent_id, assignment, text)
  local ids = { item = item_id, agent = agent_id, assignment = assignment }
  local item, agent, refused = work.check(self, ids, STATE.active, { transferred = true })
  if refused then
    return refused
  end
  local wanted = cjson.decode(text)
  local to_agent = wanted.agent ~= '' and wanted.agent or nil
  if to_agent and not agents.read(self, to_agent) then
    return OUTCOME.unknown_agent
  elseif to_agent == agent.id then
    return OUTCOME.invalid
  end
  local queue, closed, told = target(self, item, wanted)
  if not queue then
    return closed, told and cjson.encode(told) or ''
  elseif not requirements.are_allowed(self, item,
    { queue = queue, skills = wanted.skills or {}, preferred = wanted.preferred or {} }) then
    return OUTCOME.too_many_signatures
  end
  events.item(self, EVENT.transferred, item, {
    from_queue = item.queue, to_queue = queue, to_agent = to_agent, note = wanted.note,
    skills = wanted.skills or {}, preferred = wanted.preferred or {}, preferred_agent = to_agent or '',
    required = to_agent ~= nil, priority = item.priority, due = item.due, segment_ms = item.age,
    from = told and told.from, why = told and told.why,
  })
  work.release(self, item, 'transferred')
  agent.idle = self.now
  item.queue = queue
  item.skills = wanted.skills and next(wanted.skills) and cjson.encode(wanted.skills) or ''
  item.preferred = wanted.preferred and next(wanted.preferred) and cjson.encode(wanted.preferred) or ''
  items.begin_segment(self, item)
  holds.ask(item, to_agent or '', to_agent ~= nil)
  item.waiting = self.now
  items.rank(self, item)
  passing.over(self, item, agent)
  work.requeue(self, item)
  matching.settle(self, agent)
  return OUTCOME.ok
end)
