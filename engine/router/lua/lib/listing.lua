-- Listing: for which signatures a cohort can work. A short list is kept with the cohort, extended as
-- signatures are made; who can do nearly everything looks at the heads of all instead.

local listing = {}

local FEW = 40
local CHUNK = 32
local LISTED_AT_ONCE = 100

local NO_SKILL = ''

-- Note under one skill each signature asks for which there are; return whether all are noted.
local function note_signatures(board)
  local by_skill, made = board.cache.by_skill, board.meta.made_signatures
  local stop = math.min(made, board.cache.noted + LISTED_AT_ONCE)
  for id = board.cache.noted + 1, stop do
    local signature = signatures.read(board, id)
    if signature then
      local skill = signature.needs[1] and signature.needs[1].skill or NO_SKILL
      by_skill[skill] = by_skill[skill] or {}
      table.insert(by_skill[skill], id)
    end
  end
  board.cache.noted = stop
  return stop == made
end

local function add_fitting(board, cohort, list, skill, after)
  local noted = board.cache.by_skill[skill]
  for i = noted and #noted or 0, 1, -1 do
    local id = noted[i]
    if id <= after then
      return
    end
    local signature = signatures.read(board, id)
    if signature and fit.tier(cohort, signature, false) then
      list[#list + 1] = id
      if #list > FEW and not cohorts.is_ranked(cohort) then
        return
      end
    end
  end
end

-- Return the list of signatures the cohort fits; nil when it is long, or not all are known yet.
function listing.of(board, id)
  local list, made = board.cache.lists[id], board.meta.made_signatures
  if list and list.upto == made then
    return list.complete and list or nil
  elseif not note_signatures(board) then
    return nil
  end
  list = list and list.complete and list or { upto = list and list.upto or 0, complete = not list }
  board.cache.lists[id] = list
  if list.complete then
    local cohort = cohorts.read(board, id)
    add_fitting(board, cohort, list, NO_SKILL, list.upto)
    for skill in string.gmatch(cohort, ' s(%S-)=') do
      add_fitting(board, cohort, list, skill, list.upto)
    end
    list.complete = #list <= FEW or cohorts.is_ranked(cohort)
  end
  list.upto = made
  return list.complete and list or nil
end

-- Show `see` the signatures of the demand that the cohort fits, by head's rank; it returns true when it
-- has seen enough. From the cohort's own list where there is one, else from the front of all.
function listing.each_fit(board, id_of_cohort, demand, see)
  local list = listing.of(board, id_of_cohort)
  if list then
    return line_heads.each(board, list, demand, see)
  end
  local cohort, start, part = cohorts.read(board, id_of_cohort), 0, nil
  repeat
    part = redis.call('ZRANGE', keys.lines(board, demand), start, start + CHUNK - 1, 'WITHSCORES')
    for i = 1, #part, 2 do
      local id = part[i] + 0
      if fit.tier(cohort, signatures.read(board, id), false) and see(id, part[i + 1] + 0) then
        return
      end
    end
    start = start + CHUNK
  until #part < 2 * CHUNK
end

-- Return the agent's own rank of the signature's queue, lower first.
function listing.own_order(board, cohort, id)
  for _, queue in ipairs(signatures.read(board, id).queues) do
    local rank = cohorts.rank_of(cohort, queue)
    if rank then
      return rank
    end
  end
  return 0
end
