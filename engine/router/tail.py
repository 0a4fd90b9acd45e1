"""One organisation's event stream, read and decoded once for all who follow it in this process.

Whoever asks first for what comes next waits at the board; the others wait for what he brings. What was read lately is
kept, so that a follower a little behind needs no read of his own; one further behind, or ahead, reads for himself.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from engine.model.work import RoutingEvent

KEPT = 1_000

Place = tuple[int, int]
"""A stream id as numbers: milliseconds and number (Valkey, XADD)."""
BEGINNING: Place = (0, 0)


class EventSource(Protocol):
    """The board's event stream."""

    async def events(self, org_id: str, after: str, *, block_ms: int) -> list[RoutingEvent]:
        """Return events after a stream id, waiting up to ``block_ms``; raise Unavailable."""
        ...


class Tail:
    """Follow the stream; safe to share by all tasks of one event loop."""

    def __init__(self, *, org_id: str, source: EventSource, kept: int = KEPT) -> None:
        """Keep the last ``kept`` events of ``source``."""
        self._org_id = org_id
        self._source = source
        self._most = kept
        self._events: deque[tuple[Place, RoutingEvent]] = deque()
        self._start: Place | None = None  # what is kept begins after this …
        self._end = ""  # … and ends here
        self._leading = False
        self._turn = asyncio.Event()

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> Sequence[RoutingEvent]:
        """Return events after an id, waiting up to ``block_ms`` for one. Raises Unavailable. Cancellation safe."""
        assert org_id == self._org_id
        after = _place(after_stream_id)
        if after == BEGINNING and self._events:
            # Who asks for the beginning has seen a new epoch begin; what is kept may be of the one before.
            return await self._read_apart(after_stream_id, block_ms)
        if not self._leading and (self._start is None or after > _place(self._end)):
            self._begin(after_stream_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(block_ms / 1000):
                while self._knows(after) and self._leading:
                    if found := self._later(after):
                        return found
                    await self._turn.wait()
        if not self._knows(after):
            return await self._read_apart(after_stream_id, block_ms)
        if not self._leading and not self._later(after):
            return await self._lead(block_ms)
        return self._later(after)

    def _knows(self, after: Place) -> bool:
        return self._start is not None and self._start <= after <= _place(self._end)

    def _later(self, after: Place) -> list[RoutingEvent]:
        found: list[RoutingEvent] = []
        for place, event in reversed(self._events):
            if place <= after:
                break
            found.append(event)
        return found[::-1]

    async def _lead(self, block_ms: int) -> list[RoutingEvent]:
        """Read on from the end, for everybody; when that ends, however it ends, the next may."""
        self._leading = True
        try:
            end = self._end
            fresh = await self._source.events(self._org_id, end, block_ms=block_ms)
            if end == self._end:
                self._keep(fresh)
            return fresh
        finally:
            self._leading = False
            turn, self._turn = self._turn, asyncio.Event()
            turn.set()

    async def _read_apart(self, after: str, block_ms: int) -> list[RoutingEvent]:
        fresh = await self._source.events(self._org_id, after, block_ms=block_ms)
        if fresh and self._events and fresh[-1].epoch > self._events[-1][1].epoch:
            self._begin(after)  # the board was rebuilt: what is kept is of the one before
            self._keep(fresh)
        return fresh

    def _begin(self, after: str) -> None:
        self._events.clear()
        self._start, self._end = _place(after), after

    def _keep(self, fresh: Sequence[RoutingEvent]) -> None:
        for event in fresh:
            self._events.append((_place(event.stream_id), event))
            self._end = event.stream_id
        while len(self._events) > self._most:
            self._start = self._events.popleft()[0]


def _place(stream_id: str) -> Place:
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number or 0)
