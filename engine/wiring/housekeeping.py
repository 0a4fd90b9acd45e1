"""The role that throws away what has expired: sessions, idempotency keys, and routing history that is old enough."""

from typing import Protocol

from engine.clock import Clock

EVERY_S = 600.0
AGAIN_S = 1.0
"""While there is more to trim than one step does."""
MOST = 5_000
"""Rows of history per step."""


class Expiring(Protocol):
    """A group of rows that expire."""

    async def purge(self, now_ms: int) -> int:
        """Delete what has expired; return how many."""
        ...


class History(Protocol):
    """Rows that are kept for a time."""

    async def trim(self, before_ms: int, *, most: int) -> int:
        """Delete about ``most`` rows at most that are older; return how many."""
        ...


class Housekeeping:
    """Purge every ten minutes; safe in several processes."""

    name = "housekeeping"

    def __init__(self, *, groups: tuple[Expiring, ...], history: History, keep_ms: int, clock: Clock) -> None:
        self._groups = groups
        self._history = history
        self._keep_ms = keep_ms
        self._clock = clock

    async def step(self) -> float:
        """Purge each group and trim the history, once; return the seconds to the next time. Raises Unavailable."""
        for group in self._groups:
            await group.purge(self._clock.now_ms())
        trimmed = await self._history.trim(self._clock.now_ms() - self._keep_ms, most=MOST)
        return AGAIN_S if trimmed >= MOST else EVERY_S
