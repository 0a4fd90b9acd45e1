"""Files of imports, on the disk until the import has ended. A piece is safely there before it is acknowledged.

How much of a file counts is for the record to say: what a crash left behind that is cut off by the next piece.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from engine.errors import InvalidInput, NotFound

BUFFER = 1_048_576
"""Bytes gathered before a thread writes them."""
ORPHAN_S = 3_600.0
"""A file younger than this may be about to be named by a row."""
BATCH = 500


class ImportFiles:
    """Keep files in ``directory``, which is made when the first one comes."""

    def __init__(self, *, directory: Path) -> None:
        self._directory = directory

    async def append(self, import_id: str, chunks: AsyncIterator[bytes], *, at: int, most_bytes: int) -> int:
        """Write what comes at a place of a file, and return its size once all is safely on the disk.

        Raises InvalidInput (``too-large``) where the file would be longer than ``most_bytes``. What is written when
        it is cancelled, or fails, does not count: the next piece is written over it.
        """
        file = await asyncio.to_thread(_opened, self._path(import_id), at)
        size, waiting = at, bytearray()
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > most_bytes:
                    raise InvalidInput(f"A file has at most {most_bytes:,} bytes.", slug="too-large")
                waiting += chunk
                if len(waiting) >= BUFFER:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(_finish, file, bytes(waiting), self._directory)
        finally:
            file.close()
        return size

    def open(self, import_id: str, *, size: int) -> BinaryIO:
        """Open a file of which so many bytes count; blocks. Raises NotFound (``unknown-import``) if it is gone."""
        path = self._path(import_id)
        try:
            if path.stat().st_size > size:
                os.truncate(path, size)  # the end of a piece that was never acknowledged
            return path.open("rb")
        except FileNotFoundError as error:
            raise NotFound(
                "The file of the import is not on this machine.",
                slug="unknown-import",
                mend="Processes that import share the directory `imports` in their data directories.",
            ) from error

    async def delete(self, import_id: str) -> None:
        """Delete a file; nothing if it is gone."""
        await asyncio.to_thread(self._path(import_id).unlink, missing_ok=True)

    async def sweep(self, needed: Callable[[Sequence[str]], Awaitable[frozenset[str]]]) -> int:
        """Delete files that have not grown for an hour and that no import needs; return how many."""
        old = await asyncio.to_thread(self._old)
        deleted = 0
        for start in range(0, len(old), BATCH):
            batch = old[start : start + BATCH]
            kept = await needed(batch)
            for one in batch:
                if one not in kept:
                    await self.delete(one)
                    deleted += 1
        return deleted

    def _old(self) -> list[str]:
        before_s = time.time() - ORPHAN_S
        if not self._directory.is_dir():
            return []
        return [path.name for path in self._directory.iterdir() if path.stat().st_mtime < before_s]

    def _path(self, import_id: str) -> Path:
        if not import_id or not import_id.replace("-", "").isalnum():
            raise NotFound("there is no such import", slug="unknown-import")
        return self._directory / import_id


def _opened(path: Path, at: int) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("r+b" if path.exists() else "x+b")
    file.truncate(at)
    file.seek(at)
    return file


def _finish(file: BinaryIO, rest: bytes, directory: Path) -> None:
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)  # its name, too
    finally:
        os.close(handle)
