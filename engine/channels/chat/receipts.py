"""Write one socket's receipts, but not each of them: they only grow, so the last one says it all."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from engine.errors import CordboardError

log = structlog.get_logger(__name__)


class Receipts:
    """Collect receipts and write the newest, at most once per interval."""

    def __init__(self, *, write: Callable[[int, int], Awaitable[object]], interval_ms: int) -> None:
        self._write = write
        self._interval_s = interval_ms / 1000
        self._received = self._read = 0
        self._dirty = asyncio.Event()

    def note(self, *, received_seq: int = 0, read_seq: int = 0) -> None:
        """Raise the marks; what is read has been received."""
        if max(received_seq, read_seq) > self._received or read_seq > self._read:
            self._received = max(self._received, received_seq, read_seq)
            self._read = max(self._read, read_seq)
            self._dirty.set()

    async def run(self) -> None:
        """Write until cancelled; a failed write is tried again with the next interval."""
        while True:
            await self._dirty.wait()
            await self.flush()
            await asyncio.sleep(self._interval_s)

    async def flush(self) -> None:
        """Write what is not written yet; raises nothing the engine raises on purpose."""
        if not self._dirty.is_set():
            return
        self._dirty.clear()
        try:
            await self._write(self._received, self._read)
        except CordboardError as error:
            self._dirty.set()
            log.warning("receipts not written", why=str(error))
