-- Fields of records, kept together as one packed text (`core`): numbers (d) and texts (s), which hold no
-- byte 0. Per kind the format, the names, `make`, a record of unpacked values, `blank`, one of 0s and empty
-- texts, and `pack`, the text of a record: all in the same order.

local fields = {}

fields.META = {
  format = '<dsdddddddsdssdddds',
  names = {
    'epoch', 'state', 'seq', 'calls', 'assignment', 'clock', 'stopped', 'tick', 'version', 'born', 'reign',
    'server', 'paused', 'conditions', 'made_signatures', 'made_cohorts', 'passed', 'last_closed'
  },
  make = function(
      v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18
  )
    return {
      epoch = v1, state = v2, seq = v3, calls = v4, assignment = v5, clock = v6, stopped = v7, tick = v8,
      version = v9, born = v10, reign = v11, server = v12, paused = v13, conditions = v14,
      made_signatures = v15, made_cohorts = v16, passed = v17, last_closed = v18
    }
  end,
  blank = function()
    return {
      epoch = 0, state = '', seq = 0, calls = 0, assignment = 0, clock = 0, stopped = 0, tick = 0,
      version = 0, born = '', reign = 0, server = '', paused = '', conditions = 0, made_signatures = 0,
      made_cohorts = 0, passed = 0, last_closed = ''
    }
  end,
  pack = function(now)
    return struct.pack(fields.META.format,
      now.epoch, now.state, now.seq, now.calls, now.assignment, now.clock, now.stopped, now.tick, now.version,
      now.born, now.reign, now.server, now.paused, now.conditions, now.made_signatures, now.made_cohorts,
      now.passed, now.last_closed)
  end,
}

fields.AGENT = {
  format = '<sdssdddddssdddsdd',
  names = {
    'id', 'cohort', 'profile', 'status', 'since', 'idle', 'misses', 'offers', 'connections', 'held', 'ready',
    'refused', 'own', 'handled', 'reserved', 'returning', 'pace'
  },
  make = function(
      v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17
  )
    return {
      id = v1, cohort = v2, profile = v3, status = v4, since = v5, idle = v6, misses = v7, offers = v8,
      connections = v9, held = v10, ready = v11, refused = v12, own = v13, handled = v14, reserved = v15,
      returning = v16, pace = v17
    }
  end,
  blank = function()
    return {
      id = '', cohort = 0, profile = '', status = '', since = 0, idle = 0, misses = 0, offers = 0,
      connections = 0, held = '', ready = '', refused = 0, own = 0, handled = 0, reserved = '', returning = 0,
      pace = 0
    }
  end,
  pack = function(now)
    return struct.pack(fields.AGENT.format,
      now.id, now.cohort, now.profile, now.status, now.since, now.idle, now.misses, now.offers,
      now.connections, now.held, now.ready, now.refused, now.own, now.handled, now.reserved, now.returning,
      now.pace)
  end,
}

fields.ITEM = {
  format = '<sssdssddddddddddssdsddsssddssdddssss',
  names = {
    'id', 'state', 'agent', 'assignment', 'queue', 'channel', 'weight', 'signature', 'rank', 'priority',
    'due', 'age', 'segment', 'waiting', 'since', 'stage', 'skills', 'preferred', 'passed', 'offered_to',
    'deadline', 'accepted', 'holder', 'asks', 'preferred_agent', 'required', 'preferred_until', 'room_of',
    'children', 'extensions', 'not_before', 'last_assignment', 'last_agent', 'last_answer', 'interaction',
    'parent'
  },
  make = function(
      v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19, v20, v21, v22,
      v23, v24, v25, v26, v27, v28, v29, v30, v31, v32, v33, v34, v35, v36
  )
    return {
      id = v1, state = v2, agent = v3, assignment = v4, queue = v5, channel = v6, weight = v7, signature = v8,
      rank = v9, priority = v10, due = v11, age = v12, segment = v13, waiting = v14, since = v15, stage = v16,
      skills = v17, preferred = v18, passed = v19, offered_to = v20, deadline = v21, accepted = v22,
      holder = v23, asks = v24, preferred_agent = v25, required = v26, preferred_until = v27, room_of = v28,
      children = v29, extensions = v30, not_before = v31, last_assignment = v32, last_agent = v33,
      last_answer = v34, interaction = v35, parent = v36
    }
  end,
  blank = function()
    return {
      id = '', state = '', agent = '', assignment = 0, queue = '', channel = '', weight = 0, signature = 0,
      rank = 0, priority = 0, due = 0, age = 0, segment = 0, waiting = 0, since = 0, stage = 0, skills = '',
      preferred = '', passed = 0, offered_to = '', deadline = 0, accepted = 0, holder = '', asks = '',
      preferred_agent = '', required = 0, preferred_until = 0, room_of = '', children = '', extensions = 0,
      not_before = 0, last_assignment = 0, last_agent = '', last_answer = '', interaction = '', parent = ''
    }
  end,
  pack = function(now)
    return struct.pack(fields.ITEM.format,
      now.id, now.state, now.agent, now.assignment, now.queue, now.channel, now.weight, now.signature,
      now.rank, now.priority, now.due, now.age, now.segment, now.waiting, now.since, now.stage, now.skills,
      now.preferred, now.passed, now.offered_to, now.deadline, now.accepted, now.holder, now.asks,
      now.preferred_agent, now.required, now.preferred_until, now.room_of, now.children, now.extensions,
      now.not_before, now.last_assignment, now.last_agent, now.last_answer, now.interaction, now.parent)
  end,
}
