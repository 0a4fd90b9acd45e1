-- Open the board for one call: check its layout and epoch, tell the time.
--
-- Two clocks. `now` is real time, never before the board's last. `running` leaves out the engine's
-- own downtime: when nothing ticked for GAP_MS, the gap is added to `stopped`, so that offers,
-- leases, graces and wrap-ups, which are kept in running time, suffer nothing from it.

local board = {}

local LAYOUT = '4'
local GAP_MS = 2000

local function server_now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Return real time: `given` (virtual time) or the server's, not before `clock`.
function board.time(given, clock)
  return math.max(tonumber(given) or server_now(), clock)
end

local function begun(meta_key)
  cache.wake()
  record.begin()
  counts.begin()
  later.begin()
  return { events = {}, meta_key = meta_key, root = keys.root(meta_key) }
end

local function count_gap(self)
  local meta = self.meta
  local gap = self.now - meta.tick
  if meta.state == 'open' and gap > GAP_MS then
    meta.stopped = meta.stopped + gap
    meta.tick = self.now
  end
end

-- Return an open board, or nil and the outcome. `states` are the board states that are fit.
function board.open(meta_key, epoch, given, states)
  local self = begun(meta_key)
  local found = redis.call('HMGET', meta_key, 'layout', 'core', 'begun')
  if not found[1] then
    return nil, OUTCOME.no_board, 0
  elseif found[1] ~= LAYOUT then -- of which nothing else may be understood
    return nil, OUTCOME.wrong_layout, tonumber(found[3] or 0)
  end
  local meta = record.unpack(meta_key, fields.META, found[2])
  if epoch ~= 0 and epoch ~= meta.epoch then
    return nil, OUTCOME.stale_epoch, meta.epoch
  elseif not states[meta.state] then
    return nil, OUTCOME.no_board, meta.epoch
  end
  self.meta = meta
  self.prefix = keys.prefix(self.root, meta.epoch)
  if meta.server ~= cache.server() then
    meta.server, meta.reign = cache.server(), meta.reign + 1
  end
  self.cache = cache.of(meta, self.root)
  recent.stamp = self.cache.stamp
  self.now = board.time(given, meta.clock)
  count_gap(self)
  meta.clock = self.now
  self.running = self.now - meta.stopped
  return self
end

-- What a supervisor or the hours made of the queues outlives the epoch, where anything is left of it.
local function keep_conditions(self, old)
  if old and old.conditions == 1 then
    self.meta.conditions, self.meta.paused = 1, old.paused
    redis.call('COPY', keys.conditions({ prefix = keys.prefix(self.root, old.epoch) }),
      keys.conditions({ prefix = keys.prefix(self.root, self.meta.epoch) }))
  end
end

-- Begin a new epoch: an empty board, closed until matching starts.
function board.begin(meta_key, epoch, assignment, given)
  local self = begun(meta_key)
  recent.forget(meta_key) -- no number of calls tells whether it is what stands there
  local core = redis.call('HGET', meta_key, 'layout') == LAYOUT and redis.call('HGET', meta_key, 'core')
  local old = core and record.unpack(meta_key, fields.META, core)
  local now = board.time(given, old and old.clock or 0)
  local time = redis.call('TIME')
  self.meta = record.create(meta_key, fields.META, {
    epoch = epoch,
    state = 'rebuilding',
    seq = 0,
    assignment = math.max(assignment, old and old.assignment or 0),
    clock = now,
    stopped = 0,
    tick = now,
    version = 1,
    born = time[1] .. '.' .. time[2],
    reign = 1,
    server = cache.server(),
  })
  redis.call('UNLINK', meta_key)
  redis.call('HSET', meta_key, 'layout', LAYOUT, 'begun', epoch)
  keep_conditions(self, old)
  return self
end

function board.save(self)
  self.meta.calls = self.meta.calls + 1
  record.save()
  later.save()
  if self.cache then
    counts.save(self)
    self.cache.seq, self.cache.calls = self.meta.seq, self.meta.calls
  end
end

-- Return the real time of a deadline kept in running time; 0 = none.
function board.real(self, deadline)
  return deadline > 0 and deadline + self.meta.stopped or 0
end
