-- Leaving: what becomes of an agent's work when he signs out or is lost.

local leaving = {}

local function give_back(board, item, reason)
  events.item(board, EVENT.lost, item, { reason = reason })
  work.release(board, item, 'lost')
  work.requeue(board, item)
end

-- Sign the agent out: offers return, active items return or end, wrap-ups are closed. Kinds of work that
-- stay with a lost agent (mail, a talking call) stay, unless he ends them himself.
function leaving.sign_out(board, agent, ends, reason)
  matching.withdraw(board, agent)
  rooms.give_up(board, agent)
  local status = config.settings(board).sign_out_status
  if agent.status ~= status then
    presence.become(board, agent, status, reason)
  end
  presence.rescind(board, agent, reason)
  presence.each_held(board, agent, STATE.active, function(item)
    if ends then
      contact.finish_active(board, item, reason) -- its wrap-up is closed below
    elseif not config.kind(board, item.channel).keep then
      give_back(board, item, reason)
    end
  end)
  presence.each_held(board, agent, STATE.wrapup, function(item)
    contact.close(board, item, reason)
  end)
end

timers.on.grace = function(board, agent_id)
  local agent = agents.read(board, agent_id)
  if agent.connections == 0 then
    leaving.sign_out(board, agent, false, 'lost')
  end
end
