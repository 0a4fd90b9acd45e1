"""Put on the board what a crash, or an absent board, left pending in the record."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.errors import CordboardError, NotFound, Refused
from engine.failpoints import failpoint
from engine.intake.contract import Arrivals, Router
from engine.intake.overflow import TURNED_AWAY
from engine.model.organisation import Organisation
from engine.model.work import Outcome, Reply, WorkItem

log = structlog.get_logger(__name__)

EVERY_S = 1.0
AGE_MS = 2_000
LIMIT = 500

_BOARD_AWAY = frozenset({Outcome.NO_BOARD, Outcome.STALE_EPOCH, Outcome.WRONG_LAYOUT})


class Served(Protocol):
    """The configuration in force."""

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


class Reroute(Protocol):
    """Find another place for work whose queue was removed."""

    async def pending(self, item: WorkItem) -> WorkItem | None:
        """Return a pending item as it is to be enqueued now, None when it is not."""
        ...

    async def waiting(self, organisation: Organisation) -> None:
        """Move what waits on the board in removed queues."""
        ...


TurnAway = Callable[[WorkItem, Reply], Awaitable[None]]
"""End what the board does not take in."""


class Sweep:
    """Enqueue pending items older than two seconds, at start all of them (a role).

    Under a lease or in every process: enqueueing twice is enqueueing once. Each step takes one page of what is
    pending, oldest first, and the next goes on from there: what cannot be enqueued is in nobody's way.
    """

    name = "sweep"

    def __init__(
        self,
        *,
        arrivals: Arrivals,
        router: Router,
        reroute: Reroute,
        turn_away: TurnAway,
        organisations: Served,
        clock: Clock,
        age_ms: int = AGE_MS,
        limit: int = LIMIT,
    ) -> None:
        self._arrivals = arrivals
        self._router = router
        self._reroute = reroute
        self._turn_away = turn_away
        self._organisations = organisations
        self._clock = clock
        self._age_ms = age_ms
        self._limit = limit
        self._first = True
        self._after = (0, "")

    async def step(self) -> float:
        """Enqueue a page of what is pending; return the seconds to the next look. Raises Unavailable."""
        # At start everything counts as left over: whoever was about to enqueue it is gone.
        now_ms = self._clock.now_ms()
        until_ms = now_ms + 1 if self._first else now_ms - self._age_ms
        items = await self._arrivals.pending_items(self._limit, until_ms, after=self._after)
        away: set[str] = set()
        enqueued = 0
        if items:
            failpoint("sweep.after-read")
        for item in items:
            if item.org_id not in away:
                enqueued += await self._enqueue(item, away)
        if len(items) == self._limit:
            self._after = (items[-1].created_ms, items[-1].id)
            return 0.0 if enqueued else EVERY_S
        self._after, self._first = (0, ""), False
        await self._move_waiting(away)
        return EVERY_S

    async def _enqueue(self, item: WorkItem, away: set[str]) -> bool:
        """Enqueue an item, and note an organisation whose own board is away. Raises Unavailable when all are."""
        reply = await self._router.enqueue(item)
        if reply.outcome is Outcome.UNKNOWN_QUEUE:
            again = await self._reroute.pending(item)
            if again is None:
                return False
            reply = await self._router.enqueue(again)
        if reply.outcome in _BOARD_AWAY:
            away.add(item.org_id)
        elif reply.outcome in TURNED_AWAY or reply.outcome is Outcome.REFUSED:
            return await self._end(item, reply)
        elif not reply.ok:
            log.error("cannot be enqueued", org=item.org_id, item=item.id, why=reply.outcome.value)
        return reply.ok

    async def _end(self, item: WorkItem, reply: Reply) -> bool:
        try:
            await self._turn_away(item, reply)
        except (NotFound, Refused) as error:
            log.warning("not turned away", org=item.org_id, item=item.id, why=str(error))
            return False
        return True

    async def _move_waiting(self, away: set[str]) -> None:
        for organisation in self._organisations.all():
            if organisation.id not in away:
                try:
                    await self._reroute.waiting(organisation)
                except CordboardError as error:
                    log.warning("removed queues not looked at", org=organisation.id, why=str(error))
