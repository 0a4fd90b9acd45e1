-- Tidying: signatures that nothing waits for are dropped, a few at a time, once there are many.

local tidying = {}

local SIGNATURES_AT_ONCE = 100
local TIDY_MS = 60000

-- See to it that the next round begins in a minute.
function tidying.plan(board)
  timers.set(board, board.running + TIDY_MS, 'tidy', 'signatures', '0')
end

-- Forget in what order the dead were found.
local function forget(board, dead)
  local known = board.cache
  known.lists = {}
  for skill, ids in pairs(known.by_skill) do
    local rest = {}
    for _, id in ipairs(ids) do
      rest[#rest + 1] = not dead[id] and id or nil
    end
    known.by_skill[skill] = rest
  end
end

timers.on.tidy = function(board, subject, cursor)
  local many = redis.call('HLEN', keys.signature_ids(board)) * 2 > (config.settings(board).signature_limit or 5000)
  if not many then
    return tidying.plan(board)
  end
  local found, dead = redis.call('HSCAN', keys.signatures(board), cursor, 'COUNT', SIGNATURES_AT_ONCE), {}
  for i = 1, #found[2], 2 do
    local id = tonumber(found[2][i])
    dead[id] = signatures.collect(board, id) or nil
  end
  if next(dead) then
    forget(board, dead)
  end
  if found[1] == '0' then
    return tidying.plan(board)
  end
  timers.set(board, board.running, 'tidy', subject, found[1])
end
