-- The closed lists of words that Lua shares with engine/model/work.py. A test compares them, and
-- finds words that are not in them.

local OUTCOME = {
  ok = 'ok',
  repeated = 'repeated',
  unknown_item = 'unknown-item',
  unknown_agent = 'unknown-agent',
  unknown_queue = 'unknown-queue',
  unknown_status = 'unknown-status',
  wrong_state = 'wrong-state',
  stale_assignment = 'stale-assignment',
  not_yours = 'not-yours',
  no_room = 'no-room',
  stale_epoch = 'stale-epoch',
  no_board = 'no-board',
  wrong_layout = 'wrong-layout',
  invalid = 'invalid',
}

local EVENT = {
  enqueued = 'enqueued',
  offered = 'offered',
  accepted = 'accepted',
  declined = 'declined',
  missed = 'missed',
  rescinded = 'rescinded',
  ended = 'ended',
  closed = 'closed',
  transferred = 'transferred',
  lost = 'lost',
  abandoned = 'abandoned',
  reprioritised = 'reprioritised',
  presence = 'presence',
  restored = 'restored',
}

local STATE = {
  pending = 'pending',
  scheduled = 'scheduled',
  queued = 'queued',
  offered = 'offered',
  active = 'active',
  parked = 'parked',
  wrapup = 'wrapup',
  closed = 'closed',
}
