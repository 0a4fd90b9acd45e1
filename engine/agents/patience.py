"""When sockets try again what failed: ever more rarely, not all at the same moment, and at once when it works again.

All sockets of a process share one ``Patience``; whoever finds that an organisation's board answers tells it, and all
who wait go on. A socket's own wake-up is a hint only: it shortens a wait, never below the first one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random

FIRST_S = 0.25
LONGEST_S = 5.0
MAX_DOUBLINGS = 10


def wait_s(failed: int) -> float:
    """Return the seconds to wait after ``failed`` attempts in a row, a random half of them taken off."""
    whole = min(FIRST_S * 2.0 ** min(failed - 1, MAX_DOUBLINGS), LONGEST_S)
    return whole * random.uniform(0.5, 1)


class Patience:
    """Know who waits to try again, by organisation."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def wait(self, org_id: str, failed: int, wake: asyncio.Event | None = None) -> None:
        """Wait after the ``failed``-th failure in a row, until ``works`` at most; ``wake`` shortens it.

        Cancellation safe.
        """
        back = asyncio.Event()
        waiting = self._waiting.setdefault(org_id, set())
        waiting.add(back)
        long_s = wait_s(failed)
        try:
            short_s = min(wait_s(1), long_s)
            if not await _within(back, short_s) and not (wake and wake.is_set()):
                await _any_within((back, wake) if wake else (back,), long_s - short_s)
        finally:
            waiting.discard(back)

    def works(self, org_id: str) -> None:
        """Let all who wait for the organisation try again now."""
        for back in self._waiting.pop(org_id, ()):
            back.set()


async def _within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # not wait_for: Python 3.11's may swallow cancellation
            await event.wait()
    return event.is_set()


async def _any_within(events: tuple[asyncio.Event, ...], seconds: float) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
