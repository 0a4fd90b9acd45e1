-- Purpose:   Count the agents who could take such work if they had room: signed in, qualified.
-- Keys:      meta
-- Arguments: epoch, now, queue, JSON skills
-- Outcomes:  ok, with the number; unknown_queue
-- Events:    none

register_view('count_staff', function(self, key, skills)
  local queue = config.queue(self, key)
  if not queue then
    return OUTCOME.unknown_queue
  end
  local required, count = signatures.joined(self, key, cjson.decode(skills)), 0
  for _, id in ipairs(redis.call('SMEMBERS', keys.members(self, key))) do
    local agent = agents.read(self, id)
    local status = config.status(self, agent.status)
    local signed_in = status and status.kind ~= 'offline' -- within the grace, too
    if signed_in and not signatures.lacking(cjson.decode(agent.skills), required) then
      count = count + 1
    end
  end
  return OUTCOME.ok, count
end)
