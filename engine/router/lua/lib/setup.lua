-- Put an agent's configuration in force: profile, skills, queues.

local setup = {}

-- Return the agent's queues: the configured ones, and those he had that the organisation removed
-- while there is still work in them.
local function all_queues(board, agent, wanted)
  local queues = {}
  for key, terms in pairs(wanted) do
    queues[key] = type(terms) == 'table' and terms or { rank = 0, home = false }
  end
  if agent.cohort > 0 then
    local _, queues_of = cohorts.parse(cohorts.read(board, agent.cohort))
    for key, terms in pairs(queues_of) do
      local queue = config.queue(board, key)
      if queue and queue.removed and redis.call('SISMEMBER', keys.queues(board), key) == 1 then
        queues[key] = terms
      end
    end
  end
  return queues
end

-- Configure one agent and settle him; nothing happens to the work he holds.
function setup.agent(board, wanted)
  local agent = agents.read(board, wanted.id) or agents.create(board, wanted.id)
  local queues = all_queues(board, agent, wanted.queues)
  if not membership.is_same(board, agent, wanted.skills, queues) then
    matching.withdraw(board, agent)
    rooms.give_up(board, agent)
    membership.join(board, agent, wanted.skills, queues)
  end
  if agent.profile ~= wanted.profile then
    rooms.give_up(board, agent)
    agent.profile = wanted.profile
  end
  if not config.status(board, agent.status) then
    presence.become(board, agent, config.settings(board).sign_out_status, 'configured')
  end
  matching.settle(board, agent)
end
