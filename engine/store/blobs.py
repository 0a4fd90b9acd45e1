"""Files that belong to rows: kept on disk under the hash of what they hold, so that the same content is kept once.

A file is whole and on the disk before its name can be committed: it is written beside, synchronised, renamed, and its
directory is synchronised too. A crash in between leaves a file that no row names, which is swept away when it is old
enough. Nothing is ever changed in place; deleting a row leaves its file to the sweep, since other rows may name it.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import InvalidInput, NotFound
from engine.ids import NewId
from engine.store.blob_places import Places, move, named, synchronise

CHUNK = 65_536
"""Bytes read at once."""
BUFFER = 1_048_576
"""Bytes gathered before a thread writes them."""
ORPHAN_S = 3_600.0
"""A file younger than this may be about to be named by a row."""
BATCH = 500

_NAME = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file that is on the disk."""

    sha256: str
    size: int  # bytes


class Blobs:
    """Keep files in ``directory``, which is made when the first one comes."""

    def __init__(self, *, directory: Path, new_id: NewId) -> None:
        self._directory = directory
        self._root = str(directory)
        self._new_id = new_id
        self._places = Places()

    async def write(self, chunks: AsyncIterator[bytes], *, most_bytes: int, buffer: int = BUFFER) -> Blob:
        """Keep what comes; return it once it is safely on the disk. ``buffer``: bytes held in memory at most.

        Raises InvalidInput (``too-large``) beyond ``most_bytes``; then, and when ``chunks`` break off, nothing is kept.
        """
        beside = self._beside()
        digest, size, waiting = hashlib.sha256(), 0, bytearray()
        file: BinaryIO | None = None
        kept = False
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > most_bytes:
                    raise InvalidInput(f"A file has at most {most_bytes:,} bytes.", slug="too-large")
                digest.update(chunk)
                waiting += chunk
                if len(waiting) >= buffer:
                    if file is None:
                        file = await asyncio.to_thread(_create, beside)
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            blob = Blob(sha256=digest.hexdigest(), size=size)
            place = self._at(blob.sha256)
            if file is None:  # small: with others
                await self._places.put(beside, place, bytes(waiting))
            else:
                await asyncio.to_thread(_finish, file, bytes(waiting), beside, place)
            kept = True
            return blob
        finally:
            if file is not None and not kept:  # of one that is, the thread has closed the file
                _discard(file, beside)

    def aside(self, directory: Path, hashes: Sequence[str]) -> Mapping[str, str]:
        """Take files that lie in ``directory`` under their hashes out of it; ``adopt`` keeps them. On one file system.

        What is not adopted within the hour is swept away.
        """
        taken = {sha256: self._beside() for sha256 in dict.fromkeys(hashes)}
        for sha256, path in taken.items():
            move(f"{directory}/{sha256}", path)
        return taken

    async def adopt(self, taken: Mapping[str, str]) -> None:
        """Move files, by hash, to where files are kept; return once they are safely on the disk there."""
        puts = [self._places.put(path, self._at(sha256)) for sha256, path in taken.items()]
        for settled in await asyncio.gather(*puts, return_exceptions=True):
            if isinstance(settled, BaseException):
                raise settled

    def place(self, sha256: str) -> Path:
        """Return where a file lies, for readers in other processes; it may be gone."""
        return self._path(sha256)

    async def size(self, sha256: str) -> int:
        """Return a file's bytes; raise NotFound (``unknown-attachment``) if it is gone."""
        try:
            return (await asyncio.to_thread(self._path(sha256).stat)).st_size
        except FileNotFoundError as error:
            raise NotFound("the file is gone", slug="unknown-attachment") from error

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield a file in pieces; raise NotFound (``unknown-attachment``) at the first one if it is gone."""
        try:
            file = await asyncio.to_thread(self._path(sha256).open, "rb")
        except FileNotFoundError as error:
            raise NotFound("the file is gone", slug="unknown-attachment") from error
        try:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk
        finally:
            file.close()

    async def sweep(self, named: Callable[[Sequence[str]], Awaitable[frozenset[str]]]) -> int:
        """Delete files that have been there for an hour and that no row names, ``named`` says which do."""
        deleted = 0
        batches = self._old()
        while batch := await asyncio.to_thread(next, batches, None):
            kept = await named([path.name for path in batch if _NAME.fullmatch(path.name)])
            doomed = [path for path in batch if path.name not in kept]
            deleted += sum([await asyncio.to_thread(self._delete, path) for path in doomed])
        return deleted

    def _delete(self, path: Path) -> bool:
        """Delete an old file; the same content may have come anew meanwhile, and that one stays."""
        if _written_s(path) >= time.time() - ORPHAN_S:
            return False
        aside = self._directory / "outgoing" / self._new_id()
        aside.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            path.rename(aside)
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime >= time.time() - ORPHAN_S:
            aside.replace(path)
            return False
        aside.unlink()
        return True

    def _path(self, sha256: str) -> Path:
        return Path(self._at(sha256))

    def _at(self, sha256: str) -> str:
        """Return a path as text: making a ``Path`` costs more than opening the file."""
        if not _NAME.fullmatch(sha256):
            raise NotFound("there is no such file", slug="unknown-attachment")
        return f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def _beside(self) -> str:
        return f"{self._root}/incoming/{self._new_id()}"

    def _old(self) -> Iterator[list[Path]]:
        """Yield old files, some at a time; what comes and goes meanwhile is passed over."""
        before_s = time.time() - ORPHAN_S
        batch: list[Path] = []
        for directory, _within, names in os.walk(self._directory):
            batch += [path for name in names if _written_s(path := Path(directory, name)) < before_s]
            while len(batch) >= BATCH:
                yield batch[:BATCH]
                batch = batch[BATCH:]
        if batch:
            yield batch


def _written_s(path: Path) -> float:
    """Return when a file was written; one that is gone is not old."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _create(path: str) -> BinaryIO:
    Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Path(path).open("xb")


def _discard(file: BinaryIO, path: str) -> None:
    file.close()
    Path(path).unlink(missing_ok=True)


def _finish(file: BinaryIO, rest: bytes, beside: str, path: str) -> None:
    """Put the file in its place, so that it survives a power cut; one that is there has the same content."""
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())
    file.close()
    for directory in named(beside, path):
        synchronise(directory)
