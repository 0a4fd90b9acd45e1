-- Purpose:   Tell for agents, a page at a time, the first reason why each cannot have this item now.
-- Keys:      meta
-- Arguments: epoch, now, item, the last page's last agent ('' = from the first)
-- Outcomes:  ok, with JSON {item: {…}, agents: {id: reason}, next: agent or ''}; unknown_item
-- Events:    none
--
-- Reasons, in this order: not-a-member, skill:<lacking>, not-connected, status, passed-over, queue-paused,
-- held-for-another, offer-pending, phone-rings, return-pace, room-held, channel-not-in-profile, exclusive-work, needs-empty,
-- no-room, channel-maximum; '' = eligible.

local PAGE = 200

local function reason(self, item, agent, queues, skills)
  local known, queues_of = cohorts.parse(cohorts.read(self, agent.cohort))
  local member = false
  for _, queue in ipairs(queues) do
    member = member or queues_of[queue] ~= nil
  end
  local own = item.holder == agent.id
  local lacking = not own and signatures.lacking(known, skills)
  if not member and not own then
    return 'not-a-member'
  elseif lacking then
    return 'skill:' .. lacking
  end
  local first = capacity.not_ready(self, agent, item.channel, item.weight, item.id)
  if first == 'not-connected' or first == 'status' then
    return first
  elseif item.passed > 0 and redis.call('SISMEMBER', keys.passed(self, item.id), agent.id) == 1 then
    return 'passed-over'
  elseif config.paused(self, item.queue) then
    return 'queue-paused'
  elseif item.holder ~= '' and not own then
    return 'held-for-another'
  elseif first == 'return-pace' and rings.any(self, agent) then
    return 'phone-rings'
  end
  return first or ''
end

local function describe(self, item, queues, skills)
  local steps, next_step = requirements.steps(config.queue(self, item.queue), item), nil
  local following = steps[item.stage + 1]
  if following and item.waiting > 0 then
    next_step = self.now + math.max(following.after - requirements.waited_here(self, item), 0)
  end
  return {
    id = item.id, state = item.state, queue = item.queue, agent = item.agent, rank = item.rank,
    priority = item.priority, age_ms = requirements.waited(self, item), requires = skills, queues = queues,
    stage = item.stage, steps = #steps, next_step_ms = next_step, held_for = item.holder, channel = item.channel,
    not_before_ms = item.state == STATE.scheduled and item.not_before or nil, room_held_of = item.room_of,
  }
end

register_view('explain_item', function(self, item_id, after)
  local item = items.read(self, item_id)
  if not item then
    local closed = items.closed(self, item_id)
    if not closed then
      return OUTCOME.unknown_item
    end
    return OUTCOME.ok, cjson.encode({ item = { id = item_id, state = STATE.closed, agent = closed.agent }, next = '' })
  end
  local queues, skills = requirements.now(self, item)
  local reasons, page = {}, {}
  if item.state == STATE.queued then
    page = agents.page(self, after or '', PAGE)
    for _, id in ipairs(page) do
      reasons[id] = reason(self, item, agents.read(self, id), queues, skills)
    end
  end
  return OUTCOME.ok, cjson.encode({
    item = describe(self, item, queues, skills), agents = reasons, next = #page == PAGE and page[PAGE] or '',
  })
end)
