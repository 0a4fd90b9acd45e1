-- Purpose:   Put open work items of the record back on a board that is being rebuilt.
-- Keys:      meta
-- Arguments: epoch, now, JSON list of items {id, channel, queue, skills, priority, age, segment, interaction,
--            case, created, state, agent, assignment}
-- Outcomes:  ok; wrong_state when matching has started
-- Events:    restored for each item that was not there
--
-- Active and wrap-up items return to their agents, whether those are configured still or not: no
-- live conversation is torn from its agent. Everything else waits, with its age.

local function ensure_queue(self, key)
  if not config.queue(self, key) then -- removed from the configuration meanwhile
    config.renew(self) -- others may remember that it is not there
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
  item.state = given.state == STATE.wrapup and STATE.wrapup or STATE.active
  items.count(self, item, 1)
  capacity.hold(self, agent, item)
  if given.state == STATE.parked then
    parking.enter(self, item, agent)
    return
  end
  local queue = config.queue(self, item.queue)
  if item.state == STATE.wrapup and queue.wrapup_mode ~= 'manual' then
    item.deadline = self.running + queue.wrapup
    timers.set(self, item.deadline, 'wrapup', item.id)
  end
end

local function line_up(self, item)
  relaxation.catch_up(self, item)
  holds.choose(self, item)
  lines.enter(self, item)
  relaxation.watch(self, item)
  rooms.watch(self, item)
end

local HELD = { active = true, wrapup = true, parked = true }

local function restore(self, given)
  ensure_queue(self, given.queue)
  local item = items.create(self, given, true)
  if given.preferred_agent and given.preferred_agent ~= '' then
    holds.ask(item, given.preferred_agent, given.required)
  end
  arrival.adopt(self, item, given)
  item.segment = math.min(given.segment or 0, item.age)
  if HELD[given.state] and given.agent ~= '' then
    give_back(self, item, given)
  elseif (given.not_before or 0) > self.now then
    item.state, item.not_before, item.waiting = STATE.scheduled, given.not_before, 0
    items.count(self, item, 1)
    timers.alarm(self, given.not_before, 'schedule', item.id)
  else
    line_up(self, item)
  end
  self.meta.assignment = math.max(self.meta.assignment, given.assignment)
  events.item(self, EVENT.restored, item, { state = item.state, age_ms = item.age, priority = item.priority })
end

register_early('restore_items', function(self, text)
  if self.meta.state ~= 'rebuilding' then
    return OUTCOME.wrong_state
  end
  for _, given in ipairs(cjson.decode(text)) do
    if not items.read(self, given.id) then
      restore(self, given)
    end
  end
  return OUTCOME.ok
end)
