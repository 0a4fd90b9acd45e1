"""Tell the board when a queue's hours begin and end, so that what arrives is admitted by one rule only, the board's.

The board is compared with the hours, not with what was told before: so a board that was rebuilt, hours that were
configured anew and a change of the clocks need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.errors import CordboardError
from engine.model.board import QueueView
from engine.model.organisation import Organisation
from engine.model.work import Reply
from engine.skills.hours import is_open

log = structlog.get_logger(__name__)

EVERY_S = 2.0
MINUTE_MS = 60_000
"""Hours begin and end on full minutes, in every time zone."""


class Queues(Protocol):
    """The board's queues; both methods raise Unavailable."""

    async def queue_views(self, org_id: str) -> Mapping[str, QueueView]:
        """Return each queue as the board has it."""
        ...

    async def set_queue(self, org_id: str, queue: str, *, closed: bool) -> Reply:
        """Note whether a queue's hours are over; idempotent."""
        ...


class Served(Protocol):
    """The configuration in force."""

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


class HoursKeeper:
    """Keep each queue of the board open or closed by its hours (a role; one at a time, under a lease)."""

    name = "queue-hours"

    def __init__(self, *, queues: Queues, organisations: Served, clock: Clock) -> None:
        self._queues = queues
        self._organisations = organisations
        self._clock = clock

    async def step(self) -> float:
        """Compare all queues once; return the seconds to the next look, which is no later than the next edge.

        A board that is away holds up no other organisation's. Idempotent; a cancelled step is made good by the next.
        """
        for organisation in self._organisations.all():
            try:
                await self._compare(organisation)
            except CordboardError as error:
                log.warning("hours not told", org=organisation.id, why=str(error))
        return min(EVERY_S, (MINUTE_MS - self._clock.now_ms() % MINUTE_MS) / 1000)

    async def _compare(self, organisation: Organisation) -> None:
        shown = await self._queues.queue_views(organisation.id)
        now_ms = self._clock.now_ms()
        for key in organisation.queues:
            closed = not is_open(organisation, key, now_ms)
            if key in shown and shown[key].closed != closed:
                reply = await self._queues.set_queue(organisation.id, key, closed=closed)
                log.info("queue closes" if closed else "queue opens", org=organisation.id, queue=key, ok=reply.ok)
