"""The bounded way out of a socket: whoever does not keep up is cut off and resumes; nobody waits for him."""

from __future__ import annotations

import asyncio
from typing import Protocol

MAX_FRAMES = 512
MAX_CHARACTERS = 4_194_304


class WireClosed(Exception):
    """The peer is gone."""


class Wire(Protocol):
    """One accepted WebSocket."""

    async def receive(self) -> str | bytes:
        """Return the next frame's text; raise WireClosed."""
        ...

    def send_at_once(self, text: str) -> bool:
        """Send a text frame if that needs no waiting; say whether it was sent. Raises nothing."""
        ...

    async def send(self, text: str) -> None:
        """Send a text frame, waiting while the peer's window is full; raise WireClosed."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close; safe on a closed one. Bounded in time."""
        ...


class Outbox:
    """Queue frames for one wire."""

    def __init__(self, *, max_frames: int = MAX_FRAMES, max_characters: int = MAX_CHARACTERS) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._max_frames = max_frames
        self._max_characters = max_characters
        self._characters = 0
        self._idle: Wire | None = None  # where a frame may go at once: nothing is queued, nothing on its way

    def put(self, text: str) -> bool:
        """Send a frame at once or queue it; False when there is no room left (then it is neither)."""
        if self._idle is not None and self._idle.send_at_once(text):
            return True
        self._idle = None
        if self._queue.qsize() >= self._max_frames or self._characters > self._max_characters:
            return False
        self._characters += len(text)
        self._queue.put_nowait(text)
        return True

    async def run(self, wire: Wire) -> None:
        """Send what is queued, in order, until cancelled; raise WireClosed."""
        try:
            while True:
                if self._queue.empty():
                    self._idle = wire
                text = await self._queue.get()
                try:
                    await wire.send(text)
                finally:
                    self._characters -= len(text)
                    self._queue.task_done()
        finally:
            self._idle = None

    async def drained(self) -> None:
        """Wait until everything queued was handed to the wire."""
        await self._queue.join()
