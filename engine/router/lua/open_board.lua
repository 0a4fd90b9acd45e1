-- Purpose:   Begin a new epoch with an empty board; nothing is matched until start_matching.
-- Keys:      meta
-- Arguments: epoch to begin, now, highest assignment number known to the record
-- Outcomes:  ok; stale_epoch when the board has this epoch or a later one
-- Events:    none

register_begin('open_board', function(meta_key, epoch, now, assignment)
  local current = tonumber(redis.call('HGET', meta_key, 'begun') or redis.call('HGET', meta_key, 'epoch') or 0)
  if tonumber(epoch) <= current then
    return answer(OUTCOME.stale_epoch, current)
  end
  local self = board.begin(meta_key, tonumber(epoch), tonumber(assignment), now)
  redis.call('XTRIM', keys.events(self), 'MAXLEN', 0)
  board.save(self)
  return answer(OUTCOME.ok, self.meta.epoch, self)
end)
