-- Purpose:   Tell every queue's numbers, and agents' status and load, a page of agents at a time.
-- Keys:      meta
-- Arguments: epoch, now, the last page's last agent ('' = from the first, with the queues)
-- Outcomes:  ok, with {now, queues, agents, next agent or ''}
--            queue = {key, waiting, longest wait, offered, active, wrapup, mode, closed, scheduled, parked}
--            agent = {id, status, since, connections, used, units, items}
-- Events:    none

local PAGE = 250

local function queue_line(self, key)
  local first = redis.call('ZRANGE', keys.waits(self, key), 0, 0, 'WITHSCORES')[2]
  local counts = redis.call('HMGET', keys.counts(self), 'offered:' .. key, 'active:' .. key, 'wrapup:' .. key,
    'scheduled:' .. key, 'parked:' .. key)
  local mode, closed = config.condition(self, key)
  return {
    key, redis.call('ZCARD', keys.line(self, key)), first and self.now - tonumber(first) or 0,
    tonumber(counts[1] or 0), tonumber(counts[2] or 0), tonumber(counts[3] or 0), mode, closed and 1 or 0,
    tonumber(counts[4] or 0), tonumber(counts[5] or 0),
  }
end

local function agent_line(self, agent)
  local units, used = capacity.load(self, agent)
  return { agent.id, agent.status, agent.since, agent.connections, used, units, #agents.held(agent) }
end

register_view('show_board', function(self, after)
  local queues, lines_of = {}, {}
  if (after or '') == '' then
    for _, key in ipairs(redis.call('SMEMBERS', keys.queues(self))) do
      queues[#queues + 1] = queue_line(self, key)
    end
  end
  local page = agents.page(self, after or '', PAGE)
  for _, id in ipairs(page) do
    lines_of[#lines_of + 1] = agent_line(self, agents.read(self, id))
  end
  return OUTCOME.ok, { self.now, queues, lines_of, #page == PAGE and page[PAGE] or '' }
end)
