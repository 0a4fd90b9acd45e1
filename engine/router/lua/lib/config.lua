-- What the organisation configured, as configure_board wrote it; decoded once per call.

local config = {}

local function read(board, field)
  local known = board.configuration[field]
  if known == nil then
    local text = redis.call('HGET', keys.config(board), field)
    known = text and cjson.decode(text) or false
    board.configuration[field] = known
  end
  return known or nil
end

function config.settings(board) return read(board, 'settings') end

-- A queue that was removed keeps its last configuration and the mark `removed`.
function config.queue(board, key) return read(board, 'queue:' .. key) end

function config.status(board, key) return read(board, 'status:' .. key) end

function config.profile(board, key) return read(board, 'profile:' .. key) end

function config.write(board, field, value)
  board.configuration[field] = value
  redis.call('HSET', keys.config(board), field, cjson.encode(value))
end
