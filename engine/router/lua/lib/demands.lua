-- Demands: a channel and the weight an item asks for ('chat*0': what the profile says). An agent is
-- ready for some of them; each has its lines of items and its heads of agents. They are few.

local demands = {}

local function of(text)
  local channel, weight = string.match(text, '^(.*)%*(%d+)$')
  return { text = text, channel = channel, weight = tonumber(weight) }
end

-- Return all demands the board has met.
function demands.all(board)
  local list = board.cache.demands
  if not list then
    list = {}
    for _, text in ipairs(redis.call('SMEMBERS', keys.demands(board))) do
      list[#list + 1] = of(text)
    end
    board.cache.demands = list
  end
  return list
end

function demands.text(channel, weight)
  if weight == 0 then
    return channel .. '*0'
  end
  return channel .. '*' .. string.format('%d', weight)
end

-- Make the demand known. Agents who could take it learn of it by and by: settling all is a job.
function demands.meet(board, text)
  if redis.call('SADD', keys.demands(board), text) == 1 then
    board.meta.version = board.meta.version + 1 -- other libraries, which remember the list, learn of it
    board.cache.version, board.cache.demands = board.meta.version, nil
    jobs.settle_agents(board)
  end
end

-- Return how agents are ordered for a queue, as the face of an index: 'demand:order'.
function demands.face(demand, order)
  return demand .. ':' .. order
end

-- Return the name of a face's heads of those who are at home in the queue.
function demands.home_face(face, queue)
  return face .. '@' .. queue
end

-- Return the orders of agents that the organisation's queues use.
function demands.orders(board)
  return config.settings(board).orders
end
