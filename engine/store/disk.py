"""Whether there is room left on the disk: what comes from outside is refused before the record itself finds none."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

LOOK_S = 1.0
"""What was seen counts so long."""


class Disk:
    """Look at the disk of a directory."""

    def __init__(
        self, directory: Path, *, reserve: int, free: Callable[[Path], int] | None = None, look_s: float = LOOK_S
    ) -> None:
        """``reserve``: bytes that stay free, 0 = none; ``free`` returns how many are, and may block."""
        self._directory = directory
        self._reserve = reserve
        self._free = free or _free
        self._look_s = look_s
        self._seen = -float("inf")
        self._full = False
        self.free_bytes = 0.0
        """As it was seen last."""

    async def full(self) -> bool:
        """Say whether less than the reserve is free. A disk that cannot be asked is not full: writing will tell."""
        now = time.monotonic()
        if self._reserve and now - self._seen >= self._look_s:
            self._seen = now  # before the answer: many ask at once
            try:
                self.free_bytes = float(await asyncio.to_thread(self._free, self._directory))
            except OSError:
                return self._full
            full = self.free_bytes < self._reserve
            if full is not self._full:
                said = log.error if full else log.info
                said("no room for mail on the disk" if full else "room for mail again", free=int(self.free_bytes))
            self._full = full
        return self._full


def _free(directory: Path) -> int:
    return shutil.disk_usage(directory).free
