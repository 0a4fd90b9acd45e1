-- Signatures: all items that ask for the same queues, demand and skills are alike to every agent.
-- What a signature asks for never changes; an item whose requirement changes gets another one.

local signatures = {}

function signatures.text(queues, demand, skills)
  local parts = {}
  for skill, level in pairs(skills) do
    parts[#parts + 1] = skill .. '=' .. string.format('%d', level)
  end
  table.sort(parts)
  return table.concat(queues, '+') .. '|' .. demand .. '|' .. table.concat(parts, ',')
end

function signatures.parse(id, text)
  local queues, demand, skills = string.match(text, '^(.*)|(.*)|(.*)$')
  local signature = { id = id, demand = demand, queues = {}, queue_marks = {}, skills = {}, needs = {} }
  for queue in string.gmatch(queues, '[^+]+') do
    signature.queues[#signature.queues + 1] = queue
    signature.queue_marks[#signature.queues] = ' q' .. queue .. '='
  end
  for skill, level in string.gmatch(skills, '([^,=]+)=(%d+)') do
    signature.skills[skill] = tonumber(level)
    signature.needs[#signature.needs + 1] = {
      skill = skill, level = tonumber(level), mark = ' s' .. skill .. '=', byte = cohorts.level_byte(tonumber(level)),
    }
  end
  signature.queue = signature.queues[1]
  return signature
end

-- Return the signature with this number, or nil; it belongs to a cache: not to be changed.
function signatures.read(board, id)
  local known = board.cache.signatures[id]
  if not known then
    local text = redis.call('HGET', keys.signatures(board), id)
    if not text then
      return nil
    end
    known = signatures.parse(id, text)
    board.cache.signatures[id] = known
    board.cache.facts = board.cache.facts + 20
  end
  return known
end

-- Return the first skill that `skills` lack for `required`, or nil.
function signatures.lacking(skills, required)
  local missing
  for skill, level in pairs(required) do
    if (skills[skill] or 0) < level and (not missing or skill < missing) then
      missing = skill
    end
  end
  return missing
end

local function create(board, text, beyond)
  local limit = config.settings(board).signature_limit or 5000
  if not beyond and redis.call('HLEN', keys.signature_ids(board)) >= limit then
    return nil
  end
  board.meta.made_signatures = board.meta.made_signatures + 1
  local id = board.meta.made_signatures
  redis.call('HSET', keys.signature_ids(board), text, id)
  redis.call('HSET', keys.signatures(board), id, text)
  local signature = signatures.read(board, id)
  for _, queue in ipairs(signature.queues) do
    redis.call('SADD', keys.queue_signatures(board, queue), id)
  end
  demands.meet(board, signature.demand)
  return id
end

-- Return the number of what asks for this, made when it is new; nil when there are too many, unless it
-- may go `beyond` the limit (what is on the board already is never refused).
function signatures.of(board, queues, demand, skills, beyond)
  local text = signatures.text(queues, demand, skills)
  local id = board.cache.ids[text]
  if id and board.cache.signatures[id] then
    return id
  end
  id = tonumber(redis.call('HGET', keys.signature_ids(board), text) or nil) or create(board, text, beyond)
  if id then
    board.cache.ids[text] = id
    signatures.read(board, id)
  end
  return id
end

-- Drop what nothing waits for, and say so; an item that still has it gets it anew when it waits again.
function signatures.collect(board, id)
  local signature = signatures.read(board, id)
  if signature and redis.call('EXISTS', keys.waiting(board, id)) == 0 then
    redis.call('HDEL', keys.signature_ids(board), signatures.text(signature.queues, signature.demand, signature.skills))
    redis.call('HDEL', keys.signatures(board), id)
    for _, queue in ipairs(signature.queues) do
      redis.call('SREM', keys.queue_signatures(board, queue), id)
    end
    board.cache.signatures[id] = nil
    board.meta.version = board.meta.version + 1 -- other libraries forget it, too
    board.cache.version = board.meta.version
    return true
  end
  return false
end
