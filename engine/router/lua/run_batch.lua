-- Purpose:   Do several commands of one organisation in one call, one after the other.
-- Keys:      meta
-- Arguments: epoch, now, then for each command: name, number of arguments, arguments
-- Outcomes:  ok, with a list of {outcome, number of events, result}; invalid, and nothing is done, when any command
--            is unknown or lacks arguments
-- Events:    those of the commands

-- Say whether every command is there, before the first one writes.
local function is_whole(given)
  local place = 1
  while place <= #given do
    local count = tonumber(given[place + 1])
    if not commands[given[place]] or not count or place + 1 + count > #given then
      return false
    end
    place = place + 2 + count
  end
  return true
end

register('run_batch', function(self, ...)
  local given, results, place = { ... }, {}, 1
  if not is_whole(given) then
    return OUTCOME.invalid
  end
  while place <= #given do
    local count, before = tonumber(given[place + 1]), #self.events
    local outcome, result = commands[given[place]](self, unpack(given, place + 2, place + 1 + count))
    results[#results + 1] = { outcome, #self.events - before, result or '' }
    place = place + 2 + count
  end
  return OUTCOME.ok, results
end)
