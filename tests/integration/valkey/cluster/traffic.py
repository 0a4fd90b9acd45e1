"""Calls that flow while a cluster changes: each adds one, so that sums tell what was lost and what was done twice."""

import asyncio
from dataclasses import dataclass, field

from engine.errors import Unavailable
from engine.valkey.client import Valkey


@dataclass
class Traffic:
    """Callers of one organisation, and what they were answered."""

    valkey: Valkey
    org: str
    callers: int = 4
    done: list[int] = field(default_factory=list)
    """Sums in the order of the answers."""
    failed: int = 0
    """Calls of which the caller cannot know whether they had their effect."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _ending: bool = False

    def begin(self) -> None:
        self._tasks = [asyncio.create_task(self._call()) for _ in range(self.callers)]

    async def end(self) -> None:
        self._ending = True
        await asyncio.gather(*self._tasks)

    async def _call(self) -> None:
        while not self._ending:
            try:
                self.done.append((await self.valkey.call("test_add_v1", self.org, 1))[1])
            except Unavailable:
                self.failed += 1
