-- Offers: an agent's room reserved for an item for a while. Several agents may have one for the same
-- item: then `offered_to` lists them all ('agent:assignment agent:assignment'), and the first who accepts wins.

local offers = {}

-- Return the offers of an item: a list of {agent, assignment}.
function offers.all(item)
  if item.state ~= STATE.offered then
    return {}
  elseif item.offered_to == '' then
    return { { agent = item.agent, assignment = item.assignment } }
  end
  local list = {}
  for agent, assignment in string.gmatch(item.offered_to, '(%S+):(%d+)') do
    list[#list + 1] = { agent = agent, assignment = tonumber(assignment) }
  end
  return list
end

-- Return the number of the agent's offer or assignment of the item, 0 when he has none.
function offers.number(item, agent_id)
  if item.offered_to ~= '' then
    for _, offer in ipairs(offers.all(item)) do
      if offer.agent == agent_id then
        return offer.assignment
      end
    end
  end
  return item.agent == agent_id and item.assignment or 0
end

local function write(item, list)
  local last, parts = list[#list], {}
  for i, offer in ipairs(list) do
    parts[i] = offer.agent .. ':' .. string.format('%d', offer.assignment)
  end
  item.offered_to = #list > 1 and table.concat(parts, ' ') or ''
  item.agent, item.assignment = last and last.agent or '', last and last.assignment or 0
end

local function slow_down(board, agent)
  local pace = config.settings(board).fill_pace or 0
  if agent.returning == 1 and pace > 0 then
    agent.pace = board.now + pace
    timers.alarm(board, agent.pace, 'pace', agent.id)
  end
end

timers.on.pace = function(board, agent_id)
  local agent = agents.read(board, agent_id)
  rings.forget(board, agent)
  matching.settle(board, agent)
end

-- Offer a queued item that stands in no line (or one that is offered already) to one more agent. `why`
-- tells how he was chosen. The caller indexes the agent anew.
function offers.give(board, item, agent, why)
  local queue, list = config.queue(board, item.queue), offers.all(item)
  board.meta.assignment = board.meta.assignment + 1
  list[#list + 1] = { agent = agent.id, assignment = board.meta.assignment }
  if item.state ~= STATE.offered then
    item.state, item.since = STATE.offered, board.now
    items.count(board, item, 1)
  end
  write(item, list)
  capacity.hold(board, agent, item)
  slow_down(board, agent)
  rooms.release(board, item, agent)
  if queue.accept == 'automatic' then
    why.auto = true
    events.item(board, EVENT.offered, item, why)
    offers.accept(board, item, agent, { auto = true })
    return
  end
  agent.offers = agent.offers + 1
  item.deadline = board.running + queue.offer_timeout
  timers.set(board, item.deadline, 'offer', item.id, agent.id)
  why.expires_ms = board.now + queue.offer_timeout
  events.item(board, EVENT.offered, item, why)
end

-- Take one agent's offer away and return him; the item waits on when it was the last. `kind` is what is
-- reported. The caller places the item, if it is queued then, and settles the agent.
function offers.take_back(board, item, agent_id, kind, answer, data)
  local agent, rest, number = agents.read(board, agent_id), {}, 0
  for _, offer in ipairs(offers.all(item)) do
    if offer.agent == agent_id then
      number = offer.assignment
    else
      rest[#rest + 1] = offer
    end
  end
  data.state = #rest > 0 and STATE.offered or STATE.queued
  events.offer(board, kind, item, agent_id, number, data)
  agents.drop(agent, item)
  if agent.offers > 0 then
    agent.offers = agent.offers - 1
  end
  timers.clear(board, 'offer', item.id, agent_id)
  item.last_assignment, item.last_agent, item.last_answer = number, agent_id, answer
  if #rest == 0 then
    items.count(board, item, -1)
    item.state, item.deadline = STATE.queued, 0
  end
  write(item, rest)
  return agent
end

-- Let the agent have the item; the others who were offered it lose it without a miss.
function offers.accept(board, item, agent, data)
  for _, offer in ipairs(item.offered_to ~= '' and offers.all(item) or {}) do
    if offer.agent ~= agent.id then
      matching.settle(board, offers.take_back(board, item, offer.agent, EVENT.rescinded, 'rescinded',
        { reason = 'taken' }))
    end
  end
  data.offered_ms = board.now - item.since
  work.begin(board, item, agent, data)
end
