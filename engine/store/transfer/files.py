"""Files of imports, on the disk until the import has ended. A piece is safely there before it is acknowledged.

How much of a file counts is for the record to say: what a crash left behind that is cut off by the next piece. So a
piece comes whole into a file without a name first; whoever adds it holds the import's file (flock, which ends with the
process) from before he reads the record until it is written, and no request waits for the line of another one.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import InvalidInput, NotFound, Unavailable

BUFFER = 1_048_576
"""Bytes gathered before a thread writes them."""
ORPHAN_S = 3_600.0
"""A file younger than this may be about to be named by a row."""
BATCH = 500
HELD_AGAIN_S = 0.05
HELD_MOST_S = 30.0
"""To add a piece takes less, unless the disk or the database is away."""


class ImportFiles:
    """Keep files in ``directory``, which is made when the first one comes."""

    def __init__(self, *, directory: Path) -> None:
        self._directory = directory

    async def spool(self, chunks: AsyncIterator[bytes], *, at: int, most_bytes: int) -> BinaryIO:
        """Write what comes into a file without a name, and return it; it is gone when it is closed.

        Raises InvalidInput (``too-large``) where what was received before (``at`` bytes) and it are longer than
        ``most_bytes``.
        """
        file = await asyncio.to_thread(_nameless, self._directory)
        try:
            await _fill(file, chunks, at, most_bytes)
        except BaseException:
            file.close()
            raise
        return file

    @asynccontextmanager
    async def held(self, import_id: str) -> AsyncGenerator[BinaryIO]:
        """Hold an import's file against all others who would add to it, in whichever process.

        Raises Unavailable where somebody else holds it for longer than adding can take.
        """
        file = await asyncio.to_thread(_opened, self._path(import_id))
        try:
            until = time.monotonic() + HELD_MOST_S
            while not _locked(file):
                if time.monotonic() > until:
                    raise Unavailable("Another request adds to the file still.", mend="Ask again in a minute.")
                await asyncio.sleep(HELD_AGAIN_S)
            yield file
        finally:
            file.close()

    async def append(self, held: BinaryIO, piece: BinaryIO, *, at: int) -> int:
        """Add a piece at a place of a file that is held; return its size once all is safely on the disk.

        What stands behind the place was never acknowledged, and is written over. Raises NotFound
        (``unknown-import``) where the file does not reach to the place. Where this is cancelled, the file is held
        until the thread has ended.
        """
        again = os.fdopen(os.dup(held.fileno()), "r+b")
        return await asyncio.to_thread(_append, again, piece, at, self._directory)

    def open(self, import_id: str) -> BinaryIO:
        """Open a file to be read; blocks. Raises NotFound (``unknown-import``) if it is gone.

        Once all of it is received, it is as long as the record says, because who adds to it cuts it there.
        """
        try:
            return self._path(import_id).open("rb")
        except FileNotFoundError as error:
            raise _not_here() from error

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


def _not_here() -> NotFound:
    return NotFound(
        "The file of the import is not on this machine.",
        slug="unknown-import",
        mend="Processes that import share the directory `imports` in their data directories.",
    )


def _nameless(directory: Path) -> BinaryIO:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryFile(dir=directory)


async def _fill(file: BinaryIO, chunks: AsyncIterator[bytes], at: int, most_bytes: int) -> None:
    size, waiting = at, bytearray()
    async for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise InvalidInput(f"A file has at most {most_bytes:,} bytes.", slug="too-large")
        waiting += chunk
        if len(waiting) >= BUFFER:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(file.write, bytes(waiting))


def _opened(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _append(file: BinaryIO, piece: BinaryIO, at: int, directory: Path) -> int:
    """Write a piece; ``file`` holds the lock, too, and is closed at the end."""
    with file:
        if os.fstat(file.fileno()).st_size < at:
            raise _not_here()
        file.truncate(at)
        file.seek(at)
        piece.seek(0)
        shutil.copyfileobj(piece, file, BUFFER)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)  # its name, too
    finally:
        os.close(handle)
    return size
