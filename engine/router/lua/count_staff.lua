-- Purpose:   Count the agents who could take such work if they had room: signed in, qualified.
-- Keys:      meta
-- Arguments: epoch, now, queue, JSON skills
-- Outcomes:  ok, with the number; unknown_queue
-- Events:    none

register_view('count_staff', function(self, key, skills)
  if not config.queue(self, key) then
    return OUTCOME.unknown_queue
  end
  return OUTCOME.ok, admission.staff(self, key, cjson.decode(skills), '')
end)
