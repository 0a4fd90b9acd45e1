-- Purpose:   Tell every queue's numbers and every agent's status and load.
-- Keys:      meta
-- Arguments: epoch, now
-- Outcomes:  ok, with {now, queues, agents}
--            queue = {key, waiting, longest wait, offered, active, wrapup}
--            agent = {id, status, since, connections, used, units, items}
-- Events:    none

local function queue_line(self, key, counts)
  local first = redis.call('ZRANGE', keys.waits(self, key), 0, 0, 'WITHSCORES')[2]
  return {
    key, redis.call('ZCARD', keys.line(self, key)), first and self.now - tonumber(first) or 0,
    counts('offered', key), counts('active', key), counts('wrapup', key),
  }
end

local function agent_line(self, agent)
  local units, used = capacity.load(self, agent)
  local held = redis.call('ZCARD', keys.held(self, agent.id))
  return { agent.id, agent.status, agent.since, agent.connections, used, units, held }
end

register_view('show_board', function(self)
  local function counts(state, queue)
    return tonumber(redis.call('HGET', keys.counts(self), state .. ':' .. queue) or 0)
  end
  local queues, lines = {}, {}
  for _, key in ipairs(redis.call('SMEMBERS', keys.queues(self))) do
    queues[#queues + 1] = queue_line(self, key, counts)
  end
  for _, id in ipairs(redis.call('SMEMBERS', keys.agents(self))) do
    lines[#lines + 1] = agent_line(self, agents.read(self, id))
  end
  return OUTCOME.ok, { self.now, queues, lines }
end)
