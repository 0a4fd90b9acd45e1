"""Routing events → SQL → whoever has to know, the same way for commands and for the projector."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from engine.model.record import Applied
from engine.model.work import RoutingEvent

REMEMBERED = 8_192
"""Events of which this process knows that they are written and told; more than the projector is ever behind."""


class History(Protocol):
    """Write the effects of events."""

    async def apply(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        """Write each event's effects, once however often it is applied."""
        ...


Follow = Callable[[Sequence[Applied]], Awaitable[None]]
"""Hear what was applied."""


class Recorder:
    """Apply events and pass on what they caused; each event once in this process, however often it comes by."""

    def __init__(self, *, history: History, follow: Sequence[Follow], remembered: int = REMEMBERED) -> None:
        self._history = history
        self._follow = follow
        self._remembered = remembered
        self._done: dict[tuple[object, ...], None] = {}

    async def record(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        """Write the events' effects and tell the followers; return what was not yet done here. Idempotent.

        Cancellation: the write may still happen; the projector does it in any case.
        """
        news = [event for event in events if _identity(event) not in self._done]
        if not news:
            return []
        applied = await self._history.apply(news)
        await self.emit(applied)
        return applied

    async def emit(self, applied: Sequence[Applied]) -> None:
        """Tell the followers, in order, what they have not been told; when one fails, all are told again."""
        news = [one for one in applied if _identity(one.event) not in self._done]
        if not news:
            return
        for follow in self._follow:
            await follow(news)
        self._done.update((_identity(one.event), None) for one in news)
        while len(self._done) > self._remembered:
            del self._done[next(iter(self._done))]


def _identity(event: RoutingEvent) -> tuple[object, ...]:
    """Return what tells an event from every other, also from one of a board that went back under the same number."""
    return (event.org_id, event.epoch, event.seq, event.kind, event.item_id, event.agent_id, event.assignment)
