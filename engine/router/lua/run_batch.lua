-- Purpose:   Do several commands of one organisation in one call, one after the other.
-- Keys:      meta
-- Arguments: epoch, now, then for each command: name, number of arguments, arguments
-- Outcomes:  ok, with a list of {outcome, number of events, result}; invalid for an unknown command
-- Events:    those of the commands

register('run_batch', function(self, ...)
  local given, results, place = { ... }, {}, 1
  while place <= #given do
    local body, count = commands[given[place]], tonumber(given[place + 1])
    if not body then
      return OUTCOME.invalid
    end
    local before = #self.events
    local outcome, result = body(self, unpack(given, place + 2, place + 1 + count))
    results[#results + 1] = { outcome, #self.events - before, result or '' }
    place = place + 2 + count
  end
  return OUTCOME.ok, results
end)
