-- What an item asks for now: its queue and skills, and what relaxation has made of them at its age.
-- Steps are the queue's; `stage` counts those taken. Declines take none back; a new segment does.

local requirements = {}

-- Return how long the item has waited for an agent in all.
function requirements.waited(board, item)
  return item.age + (item.waiting > 0 and board.now - item.waiting or 0)
end

-- Return how long it has waited in this segment.
function requirements.waited_here(board, item)
  return requirements.waited(board, item) - item.segment
end

-- Return the skills an item of the queue needs: the queue's and those in `maps`, the higher level of each.
function requirements.joined(queue, ...)
  local all = {}
  for skill, level in pairs(queue.skills) do
    all[skill] = level
  end
  for _, skills in ipairs({ ... }) do
    for skill, level in pairs(skills) do
      all[skill] = math.max(level, all[skill] or 0)
    end
  end
  return all
end

local function read_map(text)
  return text ~= '' and cjson.decode(text) or {}
end

local function relax(step, skills, queues)
  for skill, by in pairs(step.lower or {}) do
    if skills[skill] then
      skills[skill] = skills[skill] > by and skills[skill] - by or nil
    end
  end
  for _, skill in ipairs(step.drop or {}) do
    skills[skill] = nil
  end
  for _, queue in ipairs(step.widen or {}) do
    queues[#queues + 1] = queue
  end
end

local function comes_before(left, right)
  return left.after < right.after or (left.after == right.after and left.preferred == true and not right.preferred)
end

-- Return the steps an item of the queue goes through: {after, …}; the first may drop what is only
-- preferred. Not to be changed: those of the queue alone are kept with it.
function requirements.steps(queue, item)
  local plain = item.preferred == ''
  if plain and queue.steps then
    return queue.steps
  end
  local steps = { not plain and { after = queue.preferred_skills_wait or 30000, preferred = true } or nil }
  for _, step in ipairs(queue.relaxation or {}) do
    steps[#steps + 1] = step
  end
  table.sort(steps, comes_before)
  queue.steps = plain and steps or queue.steps
  return steps
end

-- Say whether there is room for the signature of what the item would ask for, nothing relaxed.
function requirements.are_allowed(board, item, changes)
  local queue = config.queue(board, changes.queue or item.queue)
  local skills = requirements.joined(queue, changes.skills or read_map(item.skills),
    changes.preferred or read_map(item.preferred))
  return signatures.of(board, { changes.queue or item.queue }, demands.text(item.channel, item.weight), skills) ~= nil
end

-- Return queues (home first) and skills the item asks for after its `stage` steps. What is only preferred counts
-- until its step is taken, whatever the other steps have lowered by then.
function requirements.now(board, item)
  local queue = config.queue(board, item.queue)
  local steps, prefers = item.stage > 0 and requirements.steps(queue, item) or {}, true
  local taken = math.min(item.stage, #steps)
  for i = 1, taken do
    prefers = prefers and not steps[i].preferred
  end
  local skills = requirements.joined(queue, read_map(item.skills), prefers and read_map(item.preferred) or {})
  local queues = { item.queue }
  for i = 1, taken do
    relax(steps[i], skills, queues)
  end
  return queues, skills
end

-- Return the number of the item's signature; nil when there are too many and it may not go `beyond`.
function requirements.signature(board, item, beyond)
  local demand = demands.text(item.channel, item.weight)
  if item.stage > 0 or item.preferred ~= '' then
    local queues, skills = requirements.now(board, item)
    return signatures.of(board, queues, demand, skills, beyond)
  end
  local plain = item.queue .. '|' .. demand .. '|' .. item.skills
  local known = board.cache.plain[plain]
  if not known or not board.cache.signatures[known] then
    local queues, skills = requirements.now(board, item)
    known = signatures.of(board, queues, demand, skills, beyond)
    board.cache.plain[plain] = known
  end
  return known
end

-- Give the item its signature; return whether there was room for it. What must not be refused goes `beyond`.
function requirements.sign(board, item, beyond)
  local id = requirements.signature(board, item, beyond)
  item.signature = id or item.signature
  return id ~= nil
end
