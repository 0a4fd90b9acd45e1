"""The event streams that are open in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from engine.errors import TooFast
from engine.events.feed import Feed
from engine.events.frames import Hello
from engine.events.stream import MARK_S, SEND_S, Stream, Wire

MOST = 32
"""Open at once, of one organisation in one process."""


class Streams:
    """Open, count and stop streams."""

    def __init__(self, *, feed: Feed, most: int = MOST, mark_s: float = MARK_S, send_s: float = SEND_S) -> None:
        """Send a mark each ``mark_s``; cut off who takes longer than ``send_s`` for a frame."""
        self._feed = feed
        self._most = most
        self._mark_s = mark_s
        self._send_s = send_s
        self._open: dict[str, set[Stream]] = {}

    async def serve(
        self, wire: Wire, *, org_id: str, hello: Hello, still_allowed: Callable[[], Awaitable[bool]]
    ) -> None:
        """Serve a subscriber until either side ends it; raise TooFast when there are too many."""
        mine = self._open.setdefault(org_id, set())
        if len(mine) >= self._most:
            raise TooFast("Too many event streams of this organisation.", slug="too-many-sockets")
        stream = Stream(
            feed=self._feed,
            wire=wire,
            org_id=org_id,
            hello=hello,
            still_allowed=still_allowed,
            mark_s=self._mark_s,
            send_s=self._send_s,
        )
        mine.add(stream)
        try:
            await stream.run()
        finally:
            mine.discard(stream)

    def stop_all(self) -> None:
        """Close every stream with 1012."""
        for streams in self._open.values():
            for stream in streams:
                stream.stop()
