-- Register functions under versioned names; a released function's contract is never edited.
-- Every function: one key (the organisation's meta), arguments epoch (0 = whatever is in force), now
-- (milliseconds, '' = the server's time), then its own. Answer: outcome, epoch, number of the last
-- event, downtime so far, events (id, then names and values), result.

local function answer(outcome, epoch, board, result)
  local meta = board and board.meta or { seq = 0, stopped = 0 }
  local events_of = board and board.events or {}
  return { outcome, epoch, meta.seq, meta.stopped, events_of, result or '' }
end

local OPEN_ONLY = { open = true }
local ALSO_REBUILDING = { open = true, rebuilding = true }

local function register_with(name, flags, states, body)
  redis.register_function({
    function_name = 'cordboard_' .. name .. '_v1',
    flags = flags,
    callback = function(declared, arguments)
      local self, refused, epoch =
        board.open(declared[1], tonumber(arguments[1]), arguments[2], states)
      if not self then
        return answer(refused, epoch)
      end
      local outcome, result = body(self, unpack(arguments, 3))
      if outcome ~= OUTCOME.ok then
        return answer(outcome, self.meta.epoch, nil, result)
      end
      if flags[1] ~= 'no-writes' then
        record.save(self)
      end
      return answer(outcome, self.meta.epoch, self, result)
    end,
  })
end

-- A command: needs an open board, may write.
local function register(name, body) register_with(name, {}, OPEN_ONLY, body) end

-- A command that also works while the board is being rebuilt.
local function register_early(name, body) register_with(name, {}, ALSO_REBUILDING, body) end

-- A question: never writes.
local function register_view(name, body) register_with(name, { 'no-writes' }, ALSO_REBUILDING, body) end

-- Begins an epoch: there may be no board yet.
local function register_begin(name, body)
  redis.register_function('cordboard_' .. name .. '_v1', function(declared, arguments)
    return body(declared[1], unpack(arguments))
  end)
end
