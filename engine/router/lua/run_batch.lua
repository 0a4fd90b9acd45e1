-- Purpose:   Do several commands of one organisation in one call, one after the other.
-- Keys:      meta
-- Arguments: epoch, now, budget: microseconds of the server's processor after which no further command is begun
--            (0 = all are), then for each command: name, number of arguments, arguments
-- Outcomes:  ok, with a list of {outcome, number of events, result} of those that were carried out: the first, and as
--            many behind it as the budget allowed; invalid, and nothing is done, when any command is unknown or lacks
--            arguments
-- Events:    those of the commands

local seconds

-- Return the processor time so far, in microseconds; always 0 where the server does not tell.
local function clock()
  if seconds == nil then
    local there, found = pcall(function() return os.clock end)
    seconds = there and found or false
  end
  return seconds and seconds() * 1000000 or 0
end

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

register('run_batch', function(self, budget, ...)
  local given, results, place = { ... }, {}, 1
  if not is_whole(given) then
    return OUTCOME.invalid
  end
  local limit = tonumber(budget) > 0 and clock() + budget or math.huge
  while place <= #given and (place == 1 or limit == math.huge or clock() < limit) do
    local count, before = tonumber(given[place + 1]), #self.events
    local outcome, result = commands[given[place]](self, unpack(given, place + 2, place + 1 + count))
    results[#results + 1] = { outcome, #self.events - before, result or '' }
    place = place + 2 + count
  end
  return OUTCOME.ok, results
end)
