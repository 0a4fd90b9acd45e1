"""The role that tells sockets: it tails one organisation's routing events and wakes those concerned.

An event says only whom to wake; a woken socket asks the board for its whole state. So a doubled
event is harmless and a lost one costs at most the time until the next; after a fault all look again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.agents.floor import Floor
from engine.agents.frames import Withdrawn, encode
from engine.model.record import BoardMark
from engine.model.work import EventKind, RoutingEvent

BLOCK_MS = 1_000
START = "0-0"
TAKEN, PICKED = "taken", "picked"
CUSTOMERS_SIDE = frozenset({"visitor", "gone", "idle", "cancelled"})
"""Reasons of the customer, or of the system that handed the work in."""


class EventStream(Protocol):
    """The router's event stream."""

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> Sequence[RoutingEvent]:
        """Return events after an id, waiting up to ``block_ms`` for one."""
        ...


class Cursor(Protocol):
    """How far the projector is; events before are trimmed."""

    async def cursor(self, org_id: str) -> BoardMark:
        """Return the mark of the last event in SQL."""
        ...


class Delivery:
    """Wake the sockets that an organisation's events concern (a role, in every process with sockets)."""

    def __init__(self, *, org_id: str, stream: EventStream, cursor: Cursor, floor: Floor) -> None:
        self._org_id = org_id
        self._stream = stream
        self._cursor = cursor
        self._floor = floor
        self._after: str | None = None

    @property
    def name(self) -> str:
        """Name the role."""
        return f"delivery:{self._org_id}"

    async def step(self) -> float:
        """Deliver one batch, waiting for it; after a fault wake everybody first. Raises Unavailable."""
        if self._after is None:
            # The projector's place is at most seconds behind "now", and no event can slip in between.
            self._after = (await self._cursor.cursor(self._org_id)).stream_id or START
            self._floor.wake_all(self._org_id)
        after, self._after = self._after, None  # stays None when the next line fails
        events = await self._stream.events(self._org_id, after, BLOCK_MS)
        self._after = events[-1].stream_id if events else after
        for event in events:
            self._wake(event)
        return 0.0

    def _wake(self, event: RoutingEvent) -> None:
        if why := withdrawn(event):
            frame = Withdrawn(item_id=event.item_id, assignment=event.assignment, reason=why)
            self._floor.tell_user(event.org_id, event.agent_id, encode(frame))
        self._floor.wake(event.org_id, agent_id=event.agent_id, item_id=event.item_id)
        if event.kind is EventKind.REPRIORITISED:
            self._floor.wake_alerts(event.org_id)
        elif event.kind is EventKind.RESTORED and not event.item_id:
            self._floor.wake_all(event.org_id)


def withdrawn(event: RoutingEvent) -> str:
    """Return why an agent lost an offer without his doing; "" where he did not."""
    if not event.agent_id:
        return ""
    if event.kind is EventKind.MISSED:
        return "missed"
    if event.kind is EventKind.ABANDONED:
        return "gone"
    reason = event.data.get("reason") if event.kind is EventKind.RESCINDED else ""
    return str(reason) if reason in (TAKEN, PICKED) else "gone" if reason in CUSTOMERS_SIDE else ""
