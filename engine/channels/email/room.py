"""Room in memory for the sources of mails that are sent: many small ones, few large ones, none of a relay all of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

SMALL_BYTES = 524_288
"""A mail of so many asks nobody: there are never many mails on their way at once."""
MOST_BYTES = 209_715_200
"""Of all larger mails at once: two of the largest."""


@dataclass(kw_only=True, slots=True, eq=False)
class _Waiting:
    relay: str
    size: int
    let_in: asyncio.Event = field(default_factory=asyncio.Event)


class Room:
    """Hand out bytes, in this process. One relay gets half of them, so that a slow one holds up its own mail only."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, small_bytes: int = SMALL_BYTES) -> None:
        self._most = most_bytes
        self._small = small_bytes
        self._used = 0
        self._of: Counter[str] = Counter()
        self._waiting: list[_Waiting] = []

    @contextlib.asynccontextmanager
    async def of(self, relay: str, size: int) -> AsyncIterator[None]:
        """Wait until ``size`` bytes may be held for a relay, and hold them. What is larger than all room goes alone.

        Whoever holds some waits for no more. Safe to cancel.
        """
        if size <= self._small:
            yield
            return
        mine = _Waiting(relay=relay, size=size)
        self._waiting.append(mine)
        self._let_in()
        try:
            await mine.let_in.wait()
            yield
        finally:
            if mine.let_in.is_set():
                self._count(mine, -1)
            else:
                self._waiting.remove(mine)
            self._let_in()

    def _let_in(self) -> None:
        """Let in who fits, in the order they came; who waits for his own relay holds up nobody else."""
        full: set[str] = set()
        for one in tuple(self._waiting):
            of = self._of.get(one.relay, 0)
            if one.relay in full or (of and of + one.size > self._most // 2):
                full.add(one.relay)
                continue
            if self._used and self._used + one.size > self._most:
                return  # nor may smaller ones slip past for ever
            self._waiting.remove(one)
            self._count(one, 1)
            one.let_in.set()

    def _count(self, one: _Waiting, sign: int) -> None:
        self._used += sign * one.size
        self._of[one.relay] += sign * one.size
        if not self._of[one.relay]:
            del self._of[one.relay]
