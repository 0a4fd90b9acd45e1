"""Put on the board what a crash, or an absent board, left pending in the record."""

import structlog

from engine.clock import Clock
from engine.intake.contract import Arrivals, Router
from engine.model.work import Outcome

log = structlog.get_logger(__name__)

EVERY_S = 1.0
AGE_MS = 2_000
LIMIT = 500

_BOARD_AWAY = frozenset({Outcome.NO_BOARD, Outcome.STALE_EPOCH, Outcome.WRONG_LAYOUT})


class Sweep:
    """Enqueue pending items older than two seconds, at start all of them (a role).

    Under a lease or in every process: enqueueing twice is enqueueing once.
    """

    name = "sweep"

    def __init__(self, *, arrivals: Arrivals, router: Router, clock: Clock, age_ms: int = AGE_MS) -> None:
        self._arrivals = arrivals
        self._router = router
        self._clock = clock
        self._age_ms = age_ms
        self._first = True

    async def step(self) -> float:
        """Enqueue what is pending; return the seconds to the next look. Raises Unavailable."""
        # At start everything counts as left over: whoever was about to enqueue it is gone.
        now_ms = self._clock.now_ms()
        items = await self._arrivals.pending_items(LIMIT, now_ms + 1 if self._first else now_ms - self._age_ms)
        away: set[str] = set()
        for item in items:
            if item.org_id in away:
                continue
            reply = await self._router.enqueue(item)
            if reply.outcome in _BOARD_AWAY:
                away.add(item.org_id)  # its own board only
            elif not reply.ok:
                log.error("cannot be enqueued", org=item.org_id, item=item.id, why=reply.outcome.value)
        self._first = False
        return EVERY_S
