-- Every key of an organisation, all under one hash tag: cb:{org}:…
-- `meta` is the one key each function declares; `events` (the stream) outlives epochs so that its
-- ids never go back. All else lies under the epoch's own prefix: a new epoch begins with an empty
-- board in one step, and the remains of the old one are dropped at leisure.

local keys = {}

-- Numbers of cohorts and signatures as text, which Lua takes long to make; they are few.
local texts, MOST_TEXTS = {}, 100000

local function text_of(number)
  local text = texts[number]
  if not text then
    text = string.format('%d', number)
    if number <= MOST_TEXTS then
      texts[number] = text
    end
  end
  return text
end

-- Fixed keys
function keys.root(meta_key) return string.sub(meta_key, 1, -5) end -- without 'meta'
function keys.events(board) return board.root .. 'events' end
function keys.prefix(root, epoch) return root .. string.format('%d', epoch) .. ':' end

-- Configuration: hash of 'settings', 'queue:…', 'status:…', 'profile:…' → JSON; set of queue keys;
-- what a supervisor or the hours made of a queue (hash of 'mode:…', 'closed:…', 'estimate:…')
function keys.config(board) return board.prefix .. 'config' end
function keys.queues(board) return board.prefix .. 'queues' end
function keys.conditions(board) return board.prefix .. 'conditions' end

-- Timers: sorted sets of 'kind|subject…' by running time, and alarms by real time. Closed items:
-- hash of id → JSON, one per stretch of time
function keys.timers(board) return board.prefix .. 'timers' end
function keys.alarms(board) return board.prefix .. 'alarms' end
function keys.closed(board, stretch)
  return board.prefix .. 'closed:' .. string.format('%d', stretch)
end

-- Work items (text); agents passed over for one (set)
function keys.item(board, id) return board.prefix .. 'item:' .. id end
function keys.passed(board, item) return board.prefix .. 'passed:' .. item end

-- Agents: their ids (sorted set, all of score 0), record (text), sockets (hash), items they are
-- passed over for (set), their own line (sorted set by rank), parked items by time (sorted set), what
-- rings (hash of leg → moment)
function keys.agents(board) return board.prefix .. 'agents' end
function keys.agent(board, id) return board.prefix .. 'agent:' .. id end
function keys.connections(board, agent) return board.prefix .. 'connections:' .. agent end
function keys.refused(board, agent) return board.prefix .. 'refused:' .. agent end
function keys.own(board, agent) return board.prefix .. 'own:' .. agent end
function keys.parked(board, agent) return board.prefix .. 'parked:' .. agent end
function keys.rings(board, agent) return board.prefix .. 'rings:' .. agent end

-- Queues: waiting items by rank and by waiting since (sorted sets), numbers of items with agents
-- (one hash for all), signatures (set), member cohorts by 0 = home queue, 1 = not (sorted set)
function keys.line(board, queue) return board.prefix .. 'line:' .. queue end
function keys.waits(board, queue) return board.prefix .. 'waits:' .. queue end
function keys.counts(board) return board.prefix .. 'counts' end
function keys.queue_signatures(board, queue) return board.prefix .. 'queue-signatures:' .. queue end
function keys.members(board, queue) return board.prefix .. 'members:' .. queue end

-- Cohorts: text → id and id → text (hashes), agents of one (set), numbers of signed-in agents
-- (hash); cohorts that have a skill, by level (sorted set)
function keys.cohort_ids(board) return board.prefix .. 'cohort-ids' end
function keys.cohorts(board) return board.prefix .. 'cohorts' end
function keys.cohort(board, id) return board.prefix .. 'cohort:' .. text_of(id) end
function keys.staff(board) return board.prefix .. 'staff' end
function keys.skilled(board, skill) return board.prefix .. 'skilled:' .. skill end

-- Signatures: text → id and id → text (hashes), waiting items of one by rank (sorted set). Demands
-- (set): for each, signatures by their head's rank, and for each order of agents, cohorts by their
-- head's score; ready agents of a cohort by score (sorted sets)
function keys.signature_ids(board) return board.prefix .. 'signature-ids' end
function keys.signatures(board) return board.prefix .. 'signatures' end
function keys.waiting(board, signature) return board.prefix .. 'waiting:' .. text_of(signature) end
function keys.demands(board) return board.prefix .. 'demands' end
function keys.lines(board, demand) return board.prefix .. 'lines:' .. demand end
function keys.heads(board, face) return board.prefix .. 'heads:' .. face end
function keys.ready(board, face, cohort)
  return board.prefix .. 'ready:' .. face .. ':' .. text_of(cohort)
end
