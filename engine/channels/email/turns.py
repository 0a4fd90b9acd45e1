"""How much mail goes to one domain at once, and how fast, so that no receiving server takes us for a flood."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from engine.buckets import Buckets
from engine.clock import Clock


@dataclass(kw_only=True, slots=True)
class _Domain:
    turns: asyncio.Semaphore
    users: int = 0  # who waits or has a turn


@dataclass(kw_only=True, slots=True)
class Turns:
    """Hand out turns by domain, in this process."""

    at_once: int
    per_minute: int
    clock: Clock
    _domains: dict[str, _Domain] = field(default_factory=dict)
    _buckets: Buckets = field(default_factory=Buckets)

    @contextlib.asynccontextmanager
    async def of(self, relay: str, emails: Iterable[str]) -> AsyncIterator[None]:
        """Wait for a turn at each domain of the addresses, in the same order for everybody, and keep it.

        Each relay's mail has turns of its own: a slow one holds up no other's.
        """
        async with contextlib.AsyncExitStack() as stack:
            for domain in sorted({one.rpartition("@")[2].lower() for one in emails}):
                await stack.enter_async_context(self._turn(f"{relay} {domain}"))
            yield

    @contextlib.asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        domain = self._domains.setdefault(name, _Domain(turns=asyncio.Semaphore(self.at_once)))
        domain.users += 1
        try:
            async with domain.turns:
                await self._pace(name)
                yield
        finally:
            domain.users -= 1
            if not domain.users:
                self._domains.pop(name, None)

    async def _pace(self, name: str) -> None:
        rate = self.per_minute / 60
        while True:
            wait_ms = self._buckets.take(name, rate=rate, burst=max(1, int(rate)), now_ms=self.clock.now_ms())
            if not wait_ms:
                return
            await asyncio.sleep(wait_ms / 1000)
