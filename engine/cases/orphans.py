"""The role that deletes files which no row names: what a crash left, and what was taken off its case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

EVERY_S = 3_600.0


class SweptBlobs(Protocol):
    """Delete files."""

    async def sweep(self, named: Callable[[Sequence[str]], Awaitable[frozenset[str]]]) -> int:
        """Delete old files that ``named`` does not know; return how many."""
        ...


class NamingRecord(Protocol):
    """Know which files are named."""

    async def named(self, hashes: Sequence[str]) -> frozenset[str]:
        """Return those of ``hashes`` that some row names."""
        ...


class OrphanSweep:
    """Sweep once an hour."""

    name = "orphan-sweep"

    def __init__(self, *, blobs: SweptBlobs, record: NamingRecord) -> None:
        self._blobs = blobs
        self._record = record

    async def step(self) -> float:
        """Sweep the files of this process's data directory; return the seconds to the next time."""
        deleted = await self._blobs.sweep(self._record.named)
        if deleted:
            log.info("files deleted that nothing names", files=deleted)
        return EVERY_S
