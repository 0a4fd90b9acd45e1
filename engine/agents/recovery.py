"""Write to the record what a killed process had only told the board.

Commands write the events they cause before they answer. Killed in between, a process leaves its events on the stream;
the projector writes them, but it may first have to wait for the dead process's lease. Whoever needs a work item's
events in the record before that brings them there himself: they are on the stream, and writing them is idempotent.
"""

from collections.abc import Sequence
from typing import Protocol

from engine.clock import Clock
from engine.model.record import Applied
from engine.model.work import RoutingEvent

LOOK_BACK_MS = 60_000
"""Older events are the projector's: no lease outlives this."""
BATCHES = 50
AT_ONCE_MS = 1


class EventStream(Protocol):
    """The router's event stream."""

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> Sequence[RoutingEvent]:
        """Return events after an id, waiting up to ``block_ms`` for one."""
        ...


class EventRecord(Protocol):
    """Write routing events to the record."""

    async def record(self, events: Sequence[RoutingEvent]) -> Sequence[Applied]:
        """Apply ``events``, those that were not yet; idempotent."""
        ...


class Recovery:
    """Bring single work items up to date in the record."""

    def __init__(self, *, stream: EventStream, recorder: EventRecord, clock: Clock) -> None:
        self._stream = stream
        self._recorder = recorder
        self._clock = clock

    async def write(self, org_id: str, item_id: str) -> None:
        """Write the item's events of the last minute. Idempotent; raises Unavailable."""
        # Stream ids begin with the server's time in milliseconds.
        after, found = f"{self._clock.now_ms() - LOOK_BACK_MS}-0", list[RoutingEvent]()
        for _ in range(BATCHES):
            batch = await self._stream.events(org_id, after, AT_ONCE_MS)
            if not batch:
                break
            found += [event for event in batch if event.item_id == item_id]
            after = batch[-1].stream_id
        await self._recorder.record(found)
