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
  queue_closed = 'queue-closed',
  queue_full = 'queue-full',
  not_a_member = 'not-a-member',
  not_qualified = 'not-qualified',
  too_many_signatures = 'too-many-signatures',
  refused = 'refused',
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
  scheduled = 'scheduled',
  parked = 'parked',
  resumed = 'resumed',
  changed = 'changed',
  relaxed = 'relaxed',
  queue = 'queue',
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
