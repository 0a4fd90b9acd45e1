"""Write how far an agent has read, but not each step: marks only grow, so the last one says it all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol

import structlog

from engine.errors import CordboardError

log = structlog.get_logger(__name__)

INTERVAL_S = 0.5


class Marks(Protocol):
    """Keep an agent's marks."""

    def agent_mark(self, org_id: str, interaction_id: str, *, read_seq: int) -> Awaitable[None]:
        """Note how far the agent has read; tell the visitor."""
        ...


class Reading:
    """Collect one socket's marks and write the newest of each conversation, at most once per interval."""

    def __init__(self, *, org_id: str, marks: Marks, interval_s: float = INTERVAL_S) -> None:
        self._org_id = org_id
        self._marks = marks
        self._interval_s = interval_s
        self._unwritten: dict[str, int] = {}
        self._some = asyncio.Event()

    def note(self, interaction_id: str, seq: int) -> None:
        """Raise a conversation's mark."""
        if seq > self._unwritten.get(interaction_id, 0):
            self._unwritten[interaction_id] = seq
            self._some.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._some.wait()
            await self.flush()
            await asyncio.sleep(self._interval_s)

    async def flush(self) -> None:
        """Write what is not written yet. A mark that cannot be written is dropped: the next one says more."""
        self._some.clear()
        unwritten, self._unwritten = self._unwritten, {}
        for interaction_id, seq in unwritten.items():
            try:
                await self._marks.agent_mark(self._org_id, interaction_id, read_seq=seq)
            except CordboardError as error:
                log.warning("mark not written", interaction=interaction_id, reason=error.slug)
