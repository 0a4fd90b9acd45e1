"""Files put in their place for good, many side by side.

To make a file durable takes two writes of the file system's journal, one for what it holds and one for its name. The
journal takes in one write whatever waits for it, so that sixteen who wait together take little longer than one; one
after the other they would take sixteen times as long, also where somebody else has filled the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 16
"""Threads that wait for the disk; with more of them it is no quicker."""
MODE = 0o700
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Places:
    """Put files in their places, some at once."""

    def __init__(self) -> None:
        """Prepare; threads start when they are wanted."""
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="files")

    async def put(self, beside: str, path: str, content: bytes | None = None) -> None:
        """Move the file ``beside``, first written with ``content`` if given, to ``path``; return once it is durable.

        Both on one file system; what lies at ``path`` has the same content. Raises OSError. A cancelled call may still
        put it there.
        """
        await asyncio.get_running_loop().run_in_executor(self._threads, put, beside, path, content)


def put(beside: str, path: str, content: bytes | None = None) -> None:
    """Do what ``Places.put`` does; blocks.

    What the file holds is synchronised before it gets its name, so that a name never stands for less than the whole.
    """
    handle = os.open(beside, os.O_RDONLY) if content is None else _created(beside)
    try:
        try:
            if content is not None:
                _write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        directories = named(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    for directory in directories:
        synchronise(directory)


def named(beside: str, path: str) -> tuple[str, ...]:
    """Move a file to its place; return the directories that are to be synchronised. Raises OSError."""
    directory = os.path.dirname(path)
    above = os.path.dirname(directory)
    missing: tuple[str, ...] = ()
    try:
        os.replace(beside, path)
    except FileNotFoundError:
        missing = tuple(os.path.dirname(one) for one in (directory, above) if not os.path.isdir(one))
        os.makedirs(directory, MODE, exist_ok=True)
        os.replace(beside, path)
    return (directory, *missing)


def move(path: str, to: str) -> None:
    """Move a file that is not to be durable yet. Raises OSError."""
    os.rename(path, to)


def synchronise(directory: str) -> None:
    """Make the names in a directory durable; blocks. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _created(path: str) -> int:
    try:
        return os.open(path, _NEW, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), MODE, exist_ok=True)
        return os.open(path, _NEW, 0o600)


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]
