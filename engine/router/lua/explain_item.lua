-- Purpose:   Tell for every agent the first reason why he cannot have this item now.
-- Keys:      meta
-- Arguments: epoch, now, item
-- Outcomes:  ok, with JSON {item: {…}, agents: {id: reason}}; unknown_item
-- Events:    none
--
-- Reasons, in this order: not-a-member, skill:<lacking>, not-connected, status, passed-over,
-- offer-pending, channel-not-in-profile, exclusive-work, no-room, channel-maximum; '' = eligible.

local function reason(self, item, agent)
  if not cjson.decode(agent.queues)[item.queue] then
    return 'not-a-member'
  end
  local required = signatures.required(self, item.signature)
  local lacking = signatures.lacking(cjson.decode(agent.skills), required)
  if lacking then
    return 'skill:' .. lacking
  end
  local first = capacity.not_ready(self, agent, item.channel)
  local away = first == 'not-connected' or first == 'status'
  if not away and redis.call('SISMEMBER', keys.passed(self, item.id), agent.id) == 1 then
    return 'passed-over'
  end
  return first or ''
end

register_view('explain_item', function(self, item_id)
  local item = items.read(self, item_id)
  if not item then
    return OUTCOME.unknown_item
  end
  local reasons = {}
  if item.state == STATE.queued then
    for _, id in ipairs(redis.call('SMEMBERS', keys.agents(self))) do
      reasons[id] = reason(self, item, agents.read(self, id))
    end
  end
  return OUTCOME.ok, cjson.encode({
    item = {
      id = item.id, state = item.state, queue = item.queue, agent = item.agent,
      rank = item.rank, priority = item.priority, age_ms = item.age and items.waited(self, item),
      requires = item.signature and signatures.required(self, item.signature),
    },
    agents = reasons,
  })
end)
