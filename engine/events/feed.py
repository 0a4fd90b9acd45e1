"""What comes next in an organisation's history, read from the record by whoever follows it.

Everybody reads for himself, so nobody's slowness is anybody else's, and nothing is kept for those who lag. At the end
of the history all wait for one look, which this role takes for all organisations together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.model.outside import Place, ToldEvent

EVERY_S = 0.1
PAGE = 200


class History(Protocol):
    """The record's routing history, complete and in order."""

    async def place(self, org_id: str) -> Place:
        """Return where it ends for now."""
        ...

    async def places(self, org_ids: Sequence[str]) -> Mapping[str, Place]:
        """Return where each organisation's ends for now."""
        ...

    async def after(self, org_id: str, place: Place, *, limit: int) -> Sequence[ToldEvent]:
        """Return events after a place, without a gap."""
        ...


class Feed:
    """Follow the history of any organisation (a role, in every process with sockets)."""

    name = "event-feed"

    def __init__(self, *, history: History) -> None:
        self._history = history
        self._ends: dict[str, Place] = {}
        self._turns: dict[str, asyncio.Event] = {}
        self._waiting: dict[str, int] = {}

    async def end(self, org_id: str) -> Place:
        """Return where the history ends for now. Raises Unavailable."""
        return await self._history.place(org_id)

    async def after(self, org_id: str, place: Place, *, wait_s: float) -> Sequence[ToldEvent]:
        """Return events after ``place``, waiting up to ``wait_s`` for one. Raises Unavailable. Cancellation safe."""
        turn = self._turns.setdefault(org_id, asyncio.Event())
        found = await self._history.after(org_id, place, limit=PAGE)
        if found:
            return found
        self._waiting[org_id] = self._waiting.get(org_id, 0) + 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await turn.wait()
        finally:
            self._leave(org_id)
        return await self._history.after(org_id, place, limit=PAGE)

    def _leave(self, org_id: str) -> None:
        self._waiting[org_id] -= 1
        if not self._waiting[org_id]:
            del self._waiting[org_id]

    async def step(self) -> float:
        """Wake those whose history has grown; return the seconds to the next look. Raises Unavailable."""
        if not self._waiting:
            return EVERY_S
        for org_id, place in (await self._history.places(sorted(self._waiting))).items():
            if self._ends.get(org_id) != place:
                self._ends[org_id] = place
                turn, self._turns[org_id] = self._turns.get(org_id), asyncio.Event()
                if turn is not None:
                    turn.set()
        return EVERY_S
