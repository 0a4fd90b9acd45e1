-- Purpose:   Drop keys of earlier epochs, a bounded number per call.
-- Keys:      meta
-- Arguments: epoch, now, scan cursor ('0' to begin)
-- Outcomes:  ok, with the next cursor ('0' = done)
-- Events:    none

register_early('drop_remains', function(self, cursor)
  local found = redis.call('SCAN', cursor, 'MATCH', self.root .. '*', 'COUNT', 500)
  for _, key in ipairs(found[2]) do
    local rest = string.sub(key, #self.root + 1)
    local epoch = string.match(rest, '^(%d+):')
    if epoch and tonumber(epoch) < self.meta.epoch then
      redis.call('UNLINK', key)
    end
  end
  return OUTCOME.ok, found[1]
end)
