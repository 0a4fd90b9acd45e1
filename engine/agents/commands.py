"""Commands that come over the agent's socket and take a while: each runs beside the frames that follow it.

A command waits for the board and for a commit. Were the socket's reader to wait with it, what the agent says in other
conversations meanwhile would wait too. How many run at once is bounded: then the reader does wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

AT_ONCE = 16
"""Commands of one socket that run at once."""


class Commands:
    """Run one socket's commands."""

    def __init__(self, *, name: str, at_once: int = AT_ONCE) -> None:
        self._name = name
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()

    async def begin(self, command: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start ``command``, which raises nothing; wait for a place where none is free."""
        while len(self._running) >= self._at_once:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(command(), name=self._name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Cancel what runs and wait for its end: of a command that is cut off the projector writes the rest."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
