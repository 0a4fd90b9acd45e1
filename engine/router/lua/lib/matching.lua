-- Match items and agents, work-conserving: after every transition no queued item has an eligible
-- agent. `place` gives an item that begins to wait to the best ready agent, `settle` gives an agent
-- whose room or status changed his best-ranked items: only the one or the other has become possible.

local matching = {}

local MOST_AT_ONCE = 200

local function index(board, agent)
  ready.update(board, agent, capacity.ready_demands(board, agent))
end

-- Offer the item, which stands in no line, to the agents it is for; return whether there was one.
local function offer_to_best(board, item)
  if item.holder ~= '' then
    local agent = agents.read(board, item.holder)
    if holds.can_take(board, item, agent) then
      offers.give(board, item, agent, { by = 'preferred', candidates = 1, score = 0 })
      index(board, agent)
      return true
    end
    return false
  end
  local wanted, given = config.queue(board, item.queue).offer_to or 1, 0
  while given < wanted and (given == 0 or item.state == STATE.offered) do
    local agent, score, seen = best_agent.find(board, item)
    if not agent then
      break
    end
    offers.give(board, item, agent, { by = 'item', candidates = seen, score = score })
    index(board, agent)
    given = given + 1
  end
  return given > 0
end

-- Offer a queued item that stands in no line, or line it up.
function matching.place(board, item)
  item.state, item.since = STATE.queued, board.now
  holds.choose(board, item)
  if not signatures.read(board, item.signature) then
    requirements.sign(board, item, true)
  end
  local waits = config.paused(board, item.queue)
    or (item.holder == '' and lines.has_open_head(board, item.signature))
  if waits or not offer_to_best(board, item) then
    lines.enter(board, item)
  end
  relaxation.watch(board, item)
  rooms.watch(board, item)
end

-- Hand out an item that stands in line if there is somebody; return whether there was.
function matching.hand_out(board, item)
  if config.paused(board, item.queue) then
    return false
  end
  lines.leave(board, item) -- first: whom this sets free must not find it there
  if offer_to_best(board, item) then
    return true
  end
  lines.enter(board, item)
  return false
end

-- Give the agent one item he is ready for; return whether there was one, and else for what he is ready.
local function give_one(board, agent)
  local kept = rooms.kept(board, agent)
  local demand_set = capacity.ready_demands(board, agent)
  local item = kept or holds.next(board, agent, demand_set)
  local why = item and { by = 'own-line', candidates = 1, score = item.rank }
  if not item and next(demand_set) and agent.cohort > 0 then
    local id, rank, seen = best_item.find(board, agent, demand_set)
    item = id and items.read(board, id)
    why = item and { by = 'agent', candidates = seen, score = rank }
  end
  if not item then
    return false, demand_set
  end
  lines.leave(board, item)
  offers.give(board, item, agent, why)
  return true
end

-- Offer the agent what he is ready for, or let him stand ready.
function matching.settle(board, agent)
  for given = 0, MOST_AT_ONCE do
    local more, demand_set = give_one(board, agent)
    if not more then
      if given == 0 and agent.returning == 1 and agent.pace <= board.now then
        agent.returning = 0
      end
      ready.update(board, agent, demand_set)
      return
    end
  end
  index(board, agent)
end

-- Let the agent stand nowhere: he is going.
function matching.withdraw(board, agent)
  ready.update(board, agent, {})
end
