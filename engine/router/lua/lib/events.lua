-- Report transitions: each is one event with the board's own gapless number; all of one call are one
-- entry on the stream, and come with the answer. `data` becomes JSON; it must hold no empty table
-- that is meant as a list. Ids and keys are of letters that JSON takes as they are.

local events = {}

local FORM = '[%d,%d,"%s","%s","%s","%s",%d,%s]'

local function emit(board, kind, item, agent, queue, assignment, data)
  local meta = board.meta
  meta.seq = meta.seq + 1
  board.events[#board.events + 1] = string.format(FORM, meta.seq, board.now, kind, item, agent, queue, assignment,
    data and cjson.encode(data) or '{}')
end

-- Report a transition of `item` with the agent and assignment it has at this moment.
function events.item(board, kind, item, data)
  emit(board, kind, item.id, item.agent, item.queue, item.assignment, data)
end

-- Report what became of one agent's offer of `item`.
function events.offer(board, kind, item, agent_id, assignment, data)
  emit(board, kind, item.id, agent_id, item.queue, assignment, data)
end

-- Report where `agent` stands now.
function events.presence(board, agent, reason)
  emit(board, EVENT.presence, '', agent.id, '', 0, {
    status = agent.status, connected = agent.connections > 0, reason = reason,
  })
end

-- Report what a queue's condition is now.
function events.queue(board, key, data)
  emit(board, EVENT.queue, '', '', key, 0, data)
end

-- Report that the whole board is back.
function events.board(board, kind)
  emit(board, kind, '', '', '', 0, { epoch = board.meta.epoch })
end

-- Put what was reported on the stream; return its entry's id and the events as JSON.
function events.publish(board)
  local count = #board.events
  if count == 0 then
    return '', ''
  end
  local text = '[' .. table.concat(board.events, ',') .. ']'
  local epoch, first = board.meta.epoch, board.meta.seq - count + 1
  local id = redis.call('XADD', keys.events(board), '*', 'epoch', epoch, 'first', first, 'events', text)
  return id, text
end
