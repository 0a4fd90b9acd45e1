-- Purpose:   Put profile, skills and queues of a batch of agents in force and settle each.
-- Keys:      meta
-- Arguments: epoch, now, JSON list of {id, profile, skills: {skill: level}, queues: {queue: true}}
-- Outcomes:  ok
-- Events:    presence when the agent's status exists no more; offered

register_early('configure_agents', function(self, text)
  for _, wanted in ipairs(cjson.decode(text)) do
    setup.agent(self, wanted)
  end
  return OUTCOME.ok
end)
