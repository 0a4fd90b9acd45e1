-- Register functions under versioned names; a released function's contract is never edited.
-- Every function: one key (the organisation's meta), arguments epoch (0 = whatever is in force), now
-- (milliseconds, '' = the server's time), then its own. Answer: outcome, epoch, number of the last
-- event, downtime so far, the stream's entry, events (JSON), result. The library's own source says what
-- `learn_globals` does (engine/router/library.py).

local commands = {}

local function answer(outcome, epoch, board, entry, text, result)
  local meta = board and board.meta or { seq = 0, stopped = 0 }
  return { outcome, epoch, meta.seq, meta.stopped, entry or '', text or '', result or '' }
end

local OPEN_ONLY = { open = true }
local ALSO_REBUILDING = { open = true, rebuilding = true }

-- Run the body, tell and write what it did, and return the answer.
local function carry(self, reads_only, body, arguments)
  local outcome, result = body(self, unpack(arguments, 3))
  if outcome ~= OUTCOME.ok or reads_only then
    record.forget()
    return answer(outcome, self.meta.epoch, outcome == OUTCOME.ok and self or nil, '', '', result)
  end
  local entry, text = events.publish(self)
  board.save(self)
  return answer(outcome, self.meta.epoch, self, entry, text, result)
end

local function register_with(name, flags, states, body)
  local reads_only = flags[1] == 'no-writes'
  redis.register_function({
    function_name = FUNCTION_PREFIX .. name,
    flags = flags,
    callback = function(declared, arguments)
      learn_globals()
      local self, refused, epoch = board.open(declared[1], tonumber(arguments[1]), arguments[2], states)
      local done, result = true, nil
      if self then
        done, result = pcall(carry, self, reads_only, body, arguments)
      else
        result = answer(refused, epoch)
      end
      if not done then
        cache.fail(self, reads_only)
        error(result, 0)
      end
      cache.rest()
      collector.go_on()
      return result
    end,
  })
end

-- A command: needs an open board, may write.
local function register(name, body)
  commands[name] = body
  register_with(name, {}, OPEN_ONLY, body)
end

-- A command that also works while the board is being rebuilt.
local function register_early(name, body)
  commands[name] = body
  register_with(name, {}, ALSO_REBUILDING, body)
end

-- A question: never writes.
local function register_view(name, body) register_with(name, { 'no-writes' }, ALSO_REBUILDING, body) end

-- Begins an epoch: there may be no board yet.
local function register_begin(name, body)
  redis.register_function(FUNCTION_PREFIX .. name, function(declared, arguments)
    learn_globals()
    local result = body(declared[1], unpack(arguments))
    cache.rest()
    return result
  end)
end
