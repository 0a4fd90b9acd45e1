-- What this server's Lua remembers between calls: things that never change within an epoch (what a
-- cohort can do, what a signature asks for, whether they match) and the configuration, by version.
-- Written through, so that a cold start only costs time. It is dropped when anything suggests that
-- the board was written elsewhere meanwhile: another birth, another server's reign, a number behind.

local cache = { boards = {}, count = 0 }

local MOST_BOARDS = 1000
local MOST_FACTS = 4000000
local server_id

-- What changes: for as long as only this library writes.
local function forget_changing(found, calls)
  found.calls, found.stamp = calls, recent.new_stamp()
  found.ranks, found.shown, found.counts, found.alarms, found.sizes = {}, {}, {}, {}, {}
end

local function fresh(meta)
  local found = {
    born = meta.born, reign = meta.reign, epoch = meta.epoch, seq = 0, version = meta.version,
    config = {}, plain = {}, mixed = {}, cohorts = {}, signatures = {},
    ids = {}, homes = {}, lists = {}, by_skill = {}, noted = 0, facts = 0,
  }
  forget_changing(found, meta.calls)
  return found
end

-- Return this server's own name, the same for every library in it.
function cache.server()
  if not server_id then
    server_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or 'unknown'
  end
  return server_id
end

-- Return what is remembered of the board.
function cache.of(meta, root)
  local found = cache.boards[root]
  local same = found and found.born == meta.born and found.reign == meta.reign and found.epoch == meta.epoch
  if not same or found.seq > meta.seq or found.facts > MOST_FACTS then
    if not found then
      if cache.count >= MOST_BOARDS then
        cache.boards, cache.count = {}, 0
      end
      cache.count = cache.count + 1
    end
    found = fresh(meta)
    cache.boards[root] = found
  elseif found.version ~= meta.version then
    found.version, found.config, found.mixed = meta.version, {}, {}
    found.plain, found.ids, found.signatures, found.demands = {}, {}, {}, nil
  end
  if found.calls ~= meta.calls then -- somebody else wrote meanwhile
    forget_changing(found, meta.calls)
  end
  found.seq = meta.seq
  return found
end

-- A call begins. The one before may have failed half-way, or been killed: then nothing is remembered.
function cache.wake()
  if cache.busy then
    cache.boards, cache.count = {}, 0
  end
  cache.busy = true
end

-- A call has come to its end.
function cache.rest()
  cache.busy = false
end

-- A call failed half-way: what it wrote stands, so other libraries have to forget what they remember, too.
function cache.fail(board, reads_only)
  record.forget()
  local core = redis.call('HGET', board.meta_key, 'core')
  if core and not reads_only then
    local meta = record.unpack(board.meta_key, fields.META, core)
    meta.calls = meta.calls + 1
    redis.pcall('HSET', board.meta_key, 'core', fields.META.pack(meta))
    record.forget()
  end
end
