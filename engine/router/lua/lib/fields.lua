-- Fields of records. Per kind: those a call always needs, kept together as one MessagePack list (`names`;
-- `make` makes a record of their values); all others are fields of the hash, read when they are asked
-- for. What is not a number is text. A kind's list only grows at its end within a layout.

local fields = {}

fields.NUMBERS = {
  epoch = true, begun = true, seq = true, assignment = true, clock = true, stopped = true, tick = true,
  version = true, reign = true, made_cohorts = true, made_signatures = true, cohort = true,
  since = true, idle = true, misses = true, offers = true, connections = true, handled = true,
  refused = true, own = true, parked = true, pace = true, returning = true, rank = true,
  priority = true, age = true, waiting = true, segment = true, created = true, enqueued = true,
  accepted = true, deadline = true, passed = true, stage = true, due = true, weight = true,
  preferred_until = true, required = true, last_assignment = true, not_before = true,
  extensions = true, signature = true, conditions = true,
}

-- The first name is of a field that is never empty: without it there is no record.
fields.META = {
  names = {
    'epoch', 'state', 'seq', 'assignment', 'clock', 'stopped', 'tick', 'version', 'born',
    'reign', 'server', 'paused', 'made_signatures', 'conditions',
  },
  make = function(v)
    return {
      epoch = v[1], state = v[2], seq = v[3], assignment = v[4], clock = v[5], stopped = v[6],
      tick = v[7], version = v[8], born = v[9], reign = v[10], server = v[11], paused = v[12],
      made_signatures = v[13], conditions = v[14],
    }
  end,
}

fields.AGENT = {
  names = {
    'id', 'cohort', 'profile', 'status', 'idle', 'misses', 'offers', 'connections', 'held', 'ready',
    'refused', 'own', 'handled', 'reserved', 'returning', 'pace',
  },
  make = function(v)
    return {
      id = v[1], cohort = v[2], profile = v[3], status = v[4], idle = v[5], misses = v[6],
      offers = v[7], connections = v[8], held = v[9], ready = v[10], refused = v[11], own = v[12],
      handled = v[13], reserved = v[14], returning = v[15], pace = v[16],
    }
  end,
}

fields.ITEM = {
  names = {
    'id', 'state', 'agent', 'assignment', 'queue', 'channel', 'signature', 'rank', 'age', 'waiting',
    'since', 'priority', 'passed', 'offered_to', 'stage', 'holder', 'asks', 'weight', 'segment',
    'children', 'preferred',
  },
  make = function(v)
    return {
      id = v[1], state = v[2], agent = v[3], assignment = v[4], queue = v[5], channel = v[6],
      signature = v[7], rank = v[8], age = v[9], waiting = v[10], since = v[11], priority = v[12],
      passed = v[13], offered_to = v[14], stage = v[15], holder = v[16], asks = v[17],
      weight = v[18], segment = v[19], children = v[20], preferred = v[21],
    }
  end,
}

-- Return the value of a field as it is stored; nothing stored is 0 or ''.
function fields.value(name, stored)
  if fields.NUMBERS[name] then
    return stored and stored + 0 or 0
  end
  return stored or ''
end

local function note_core(kind)
  kind.core = {}
  for i = 1, #kind.names do
    kind.core[kind.names[i]] = true
  end
end

note_core(fields.META)
note_core(fields.AGENT)
note_core(fields.ITEM)
