-- Report a transition: one event with the board's own gapless number, on the stream and in the
-- reply. `data` becomes JSON; it must hold no empty table that is meant as a list.

local events = {}

local function emit(board, kind, who, data)
  local meta = board.meta
  meta.seq = meta.seq + 1
  local fields = {
    'epoch', meta.epoch, 'seq', meta.seq, 'at', board.now, 'kind', kind,
    'item', who.item or '', 'agent', who.agent or '', 'queue', who.queue or '',
    'assignment', who.assignment or 0, 'data', cjson.encode(data or {}),
  }
  local id = redis.call('XADD', keys.events(board), '*', unpack(fields))
  board.events[#board.events + 1] = { id, unpack(fields) }
end

-- Report a transition of `item` with the agent and assignment it has at this moment.
function events.item(board, kind, item, data)
  emit(board, kind, {
    item = item.id, agent = item.agent, queue = item.queue, assignment = item.assignment,
  }, data)
end

-- Report where `agent` stands now.
function events.presence(board, agent, reason)
  emit(board, EVENT.presence, { agent = agent.id }, {
    status = agent.status, connected = agent.connections > 0, reason = reason,
  })
end

-- Report that the whole board is back.
function events.board(board, kind)
  emit(board, kind, {}, { epoch = board.meta.epoch })
end
