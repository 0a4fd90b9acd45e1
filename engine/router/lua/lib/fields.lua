-- Fields of records. Per kind: those a call always needs, read at once (`names`; `make` makes a record
-- of their values); all others are read when they are asked for. What is not a number is text.

local fields = {}

fields.NUMBERS = {
  epoch = true, seq = true, assignment = true, clock = true, stopped = true, tick = true,
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
    'layout', 'epoch', 'state', 'seq', 'assignment', 'clock', 'stopped', 'tick', 'version', 'born',
    'reign', 'server', 'paused', 'made_signatures', 'conditions',
  },
  make = function(v)
    return {
      layout = v[1], epoch = v[2], state = v[3], seq = v[4], assignment = v[5], clock = v[6],
      stopped = v[7], tick = v[8], version = v[9], born = v[10], reign = v[11], server = v[12],
      paused = v[13], made_signatures = v[14], conditions = v[15],
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

-- Note which of the names are numbers.
local function note_numbers(kind)
  kind.numeric = {}
  for i = 1, #kind.names do
    kind.numeric[i] = fields.NUMBERS[kind.names[i]] or false
  end
end

note_numbers(fields.META)
note_numbers(fields.AGENT)
note_numbers(fields.ITEM)

-- Turn what was found for the kind's names into values, in place.
function fields.read(kind, found)
  local numeric = kind.numeric
  for i = 1, #numeric do
    local stored = found[i]
    if numeric[i] then
      found[i] = stored and stored + 0 or 0
    else
      found[i] = stored or ''
    end
  end
end
