-- Purpose:   Put queues, statuses, profiles and settings in force; retire agents no longer listed.
--            configure_agents must follow with all agents: it settles them under the new rules.
-- Keys:      meta
-- Arguments: epoch, now, JSON {settings, queues, statuses, profiles, agents: {id: true}}
-- Outcomes:  ok
-- Events:    as configure_agents, for agents who are retired
--
-- A queue that is gone keeps its last configuration while it has work: that is served on, but
-- nothing new enters it.

local function has_work(self, queue)
  local count = redis.call('ZCARD', keys.line(self, queue))
  for _, state in ipairs({ STATE.offered, STATE.active, STATE.wrapup, STATE.parked, STATE.scheduled }) do
    count = count + counts.read(self, state .. ':' .. queue)
  end
  return count > 0
end

local function asks_otherwise(old, new)
  return old and (cjson.encode(old.skills) ~= cjson.encode(new.skills)
    or cjson.encode(old.relaxation or {}) ~= cjson.encode(new.relaxation or {}))
end

local function write_queues(self, queues)
  for _, key in ipairs(redis.call('SMEMBERS', keys.queues(self))) do
    if not queues[key] then
      local queue = config.queue(self, key)
      queue.removed, queue.steps = true, nil -- steps: kept beside what was configured
      config.write(self, 'queue:' .. key, queue)
      if not has_work(self, key) then
        redis.call('SREM', keys.queues(self), key)
      end
    end
  end
  for key, queue in pairs(queues) do
    if asks_otherwise(config.queue(self, key), queue) then
      jobs.sign_again(self, key)
    end
    config.write(self, 'queue:' .. key, queue)
    redis.call('SADD', keys.queues(self), key)
  end
end

-- Return the orders of agents that the queues use.
local function orders_of(queues)
  local set, list = {}, {}
  for _, queue in pairs(queues) do
    local order = queue.order or 'longest_idle'
    if not set[order] then
      set[order], list[#list + 1] = true, order
    end
  end
  table.sort(list)
  return list
end

local function meet_demands(self, profiles)
  for _, profile in pairs(profiles) do
    for channel in pairs(profile.channels) do
      demands.meet(self, demands.text(channel, 0))
    end
  end
end

local function write_all(self, kind, wanted)
  for key, value in pairs(wanted) do
    config.write(self, kind .. ':' .. key, value)
  end
  for _, field in ipairs(redis.call('HKEYS', keys.config(self))) do
    local key = string.match(field, '^' .. kind .. ':(.*)$')
    if key and not wanted[key] then
      redis.call('HDEL', keys.config(self), field)
      config.forget(self, field)
    end
  end
end

register_early('configure_board', function(self, text)
  local wanted = cjson.decode(text)
  config.renew(self)
  wanted.settings.orders = orders_of(wanted.queues)
  config.write(self, 'settings', wanted.settings)
  write_queues(self, wanted.queues)
  write_all(self, 'status', wanted.statuses)
  write_all(self, 'profile', wanted.profiles)
  meet_demands(self, wanted.profiles)
  for _, id in ipairs(redis.call('ZRANGE', keys.agents(self), 0, -1)) do
    if not wanted.agents[id] then
      setup.agent(self, { id = id, profile = '', skills = {}, queues = {} })
    end
  end
  return OUTCOME.ok
end)
