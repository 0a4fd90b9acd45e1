-- Every key of an organisation, all under one hash tag: cb:{org}:…
-- `meta` is the one key each function declares; `events` (the stream) outlives epochs so that its
-- ids never go back. All else lies under the epoch's own prefix: a new epoch begins with an empty
-- board in one step, and the remains of the old one are dropped at leisure.

local keys = {}

-- Fixed keys
function keys.root(meta_key) return string.sub(meta_key, 1, -5) end -- without 'meta'
function keys.events(board) return board.root .. 'events' end
function keys.prefix(root, epoch) return root .. string.format('%.0f', epoch) .. ':' end

-- Configuration: hash of 'settings', 'queue:…', 'status:…', 'profile:…' → JSON; set of queue keys
function keys.config(board) return board.prefix .. 'config' end
function keys.queues(board) return board.prefix .. 'queues' end

-- Timers: sorted set of 'kind|subject…' by running time; closed items by real time
function keys.timers(board) return board.prefix .. 'timers' end
function keys.tombstones(board) return board.prefix .. 'tombstones' end

-- Work items; agents passed over for one (set)
function keys.item(board, id) return board.prefix .. 'item:' .. id end
function keys.passed(board, item) return board.prefix .. 'passed:' .. item end

-- Agents: their ids (set), record (hash), held items by time (sorted set), sockets (hash), items
-- they are passed over for (set), signatures they qualify for (set)
function keys.agents(board) return board.prefix .. 'agents' end
function keys.agent(board, id) return board.prefix .. 'agent:' .. id end
function keys.held(board, agent) return board.prefix .. 'held:' .. agent end
function keys.connections(board, agent) return board.prefix .. 'connections:' .. agent end
function keys.refused(board, agent) return board.prefix .. 'refused:' .. agent end
function keys.qualified(board, agent) return board.prefix .. 'qualified:' .. agent end

-- Queues: member agents (set), waiting items by rank and by waiting since (sorted sets),
-- numbers of items with agents (one hash for all), signatures (set)
function keys.members(board, queue) return board.prefix .. 'members:' .. queue end
function keys.line(board, queue) return board.prefix .. 'line:' .. queue end
function keys.waits(board, queue) return board.prefix .. 'waits:' .. queue end
function keys.counts(board) return board.prefix .. 'counts' end
function keys.queue_signatures(board, queue) return board.prefix .. 'queue-signatures:' .. queue end

-- Requirement signatures: text → id (hash), what one requires (hash of id → JSON), waiting items
-- by rank and ready agents by idle since (sorted sets)
function keys.signatures(board) return board.prefix .. 'signatures' end
function keys.requirements(board) return board.prefix .. 'requirements' end
function keys.waiting(board, signature) return board.prefix .. 'waiting:' .. signature end
function keys.ready(board, signature) return board.prefix .. 'ready:' .. signature end
