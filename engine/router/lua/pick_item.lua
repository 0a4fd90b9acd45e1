-- Purpose:   An agent takes a waiting item himself, or a supervisor gives it to him: queued, scheduled or
--            offered → active. Whoever was offered it loses it without a miss.
-- Keys:      meta
-- Arguments: epoch, now, item, agent, 'agent' or 'supervisor' (who decides), '1' to go beyond his room
-- Outcomes:  ok; repeated when he has it; unknown_item, unknown_agent; wrong_state when another agent has it or
--            it is closed; not_a_member, not_qualified when he takes it himself; no_room
-- Events:    rescinded; accepted (by = pick); offered

local function refusal(self, item, agent, by, force)
  if item.state ~= STATE.queued and item.state ~= STATE.scheduled and item.state ~= STATE.offered then
    local has_it = item.agent == agent.id and item.state ~= STATE.parked
    return has_it and OUTCOME.repeated or OUTCOME.wrong_state
  elseif by == 'agent' then
    local queues, skills = requirements.now(self, item)
    local known, queues_of = cohorts.parse(cohorts.read(self, agent.cohort))
    local member = false
    for _, queue in ipairs(queues) do
      member = member or queues_of[queue] ~= nil
    end
    if not member then
      return OUTCOME.not_a_member
    elseif signatures.lacking(known, skills) then
      return OUTCOME.not_qualified
    end
  end
  local own_offer = item.state == STATE.offered and offers.number(item, agent.id) > 0
  if force ~= '1' and not own_offer and capacity.no_room(self, agent, item.channel, item.weight) then
    return OUTCOME.no_room
  end
  return nil
end

register('pick_item', function(self, item_id, agent_id, by, force)
  local item, agent = items.read(self, item_id), agents.read(self, agent_id)
  if not item then
    return items.closed(self, item_id) and OUTCOME.wrong_state or OUTCOME.unknown_item
  elseif not agent then
    return OUTCOME.unknown_agent
  end
  local refused = refusal(self, item, agent, by, force)
  if refused then
    return refused
  end
  local losers = {}
  for _, offer in ipairs(offers.all(item)) do
    losers[#losers + 1] = offers.take_back(self, item, offer.agent, EVENT.rescinded, 'rescinded', { reason = 'picked' })
  end
  if item.state == STATE.scheduled then
    timers.disarm(self, 'schedule', item.id)
    items.count(self, item, -1)
  elseif #losers == 0 then
    lines.leave(self, item)
  end
  work.hand_over(self, item, agent, { by = 'pick', who = by })
  for _, loser in ipairs(losers) do
    matching.settle(self, loser)
  end
  presence.start_grace(self, agent)
  matching.settle(self, agent)
  return OUTCOME.ok
end)
