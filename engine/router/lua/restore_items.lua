-- Purpose:   Put open work items of the record back on a board that is being rebuilt.
-- Keys:      meta
-- Arguments: epoch, now, JSON list of items {id, channel, queue, skills, priority, age, interaction,
--            case, created, state, agent, assignment}
-- Outcomes:  ok; wrong_state when matching has started
-- Events:    restored for each item that was not there
--
-- Active and wrap-up items return to their agents, whether those are configured still or not: no
-- live conversation is torn from its agent. Everything else waits, with its age.

local function ensure_queue(self, key)
  if not config.queue(self, key) then -- removed from the configuration meanwhile
    config.write(self, 'queue:' .. key, {
      priority = 0, step = 60000, target = 0, offer_timeout = 20000, wrapup = 0,
      decline_memory = 30000, skills = {}, removed = true,
    })
    redis.call('SADD', keys.queues(self), key)
  end
end

local function give_back(self, item, given)
  local agent = agents.read(self, given.agent) or agents.create(self, given.agent)
  items.stop_waiting(self, item)
  item.agent, item.assignment, item.accepted = agent.id, given.assignment, given.assignment
  item.state = given.state
  capacity.hold(self, agent, item)
  items.count(self, item, 1)
  if item.state == STATE.wrapup then
    item.deadline = self.running + config.queue(self, item.queue).wrapup
    timers.set(self, item.deadline, 'wrapup', item.id)
  end
end

register_early('restore_items', function(self, text)
  if self.meta.state ~= 'rebuilding' then
    return OUTCOME.wrong_state
  end
  for _, given in ipairs(cjson.decode(text)) do
    if not items.read(self, given.id) then
      ensure_queue(self, given.queue)
      local item = items.create(self, given)
      local held = given.state == STATE.active or given.state == STATE.wrapup
      if held and given.agent ~= '' then
        give_back(self, item, given)
      else
        items.line_up(self, item)
      end
      self.meta.assignment = math.max(self.meta.assignment, given.assignment)
      local data = { state = item.state, age_ms = item.age, priority = item.priority }
      events.item(self, EVENT.restored, item, data)
    end
  end
  return OUTCOME.ok
end)
