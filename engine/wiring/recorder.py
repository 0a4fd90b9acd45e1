"""Routing events → SQL → whoever has to know, the same way for commands and for the projector."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from engine.model.record import Applied
from engine.model.work import RoutingEvent


class History(Protocol):
    """Write the effects of events."""

    async def apply(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        """Write each event's effects, once however often it is applied."""
        ...


Follow = Callable[[Sequence[Applied]], Awaitable[None]]
"""Hear what was applied."""


class Recorder:
    """Apply events and pass on what they caused."""

    def __init__(self, *, history: History, follow: Sequence[Follow]) -> None:
        self._history = history
        self._follow = follow

    async def record(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        """Write the events' effects and tell the followers. Idempotent.

        Cancellation: the write may still happen; the projector does it in any case.
        """
        if not events:
            return []
        applied = await self._history.apply(events)
        await self.emit(applied)
        return applied

    async def emit(self, applied: Sequence[Applied]) -> None:
        """Tell the followers, in order."""
        for follow in self._follow:
            await follow(applied)
