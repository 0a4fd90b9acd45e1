"""The role that throws away what has expired: sessions and idempotency keys."""

from typing import Protocol

from engine.clock import Clock

EVERY_S = 600.0


class Expiring(Protocol):
    """A group of rows that expire."""

    async def purge(self, now_ms: int) -> int:
        """Delete what has expired; return how many."""
        ...


class Housekeeping:
    """Purge every ten minutes; safe in several processes."""

    name = "housekeeping"

    def __init__(self, *, groups: tuple[Expiring, ...], clock: Clock) -> None:
        self._groups = groups
        self._clock = clock

    async def step(self) -> float:
        """Purge each group once; return the seconds to the next time."""
        for group in self._groups:
            await group.purge(self._clock.now_ms())
        return EVERY_S
