"""Bring what SQLite's write-ahead log holds home into the database's file, beside the writer instead of in it.

By itself SQLite does that within the commit that makes the log longer than 1,000 pages, two times a second where
chats begin and end: some hundred pages and two syncs for which whoever sends a message waits. Here a thread does it,
while the writer goes on. The log begins anew only once all of it is home, which never is while somebody writes; so
when it has become long, what came meanwhile is brought home with the writer kept out for a moment.
https://sqlite.org/wal.html, sections 3.2 and 3.3; https://sqlite.org/pragma.html#pragma_wal_checkpoint

Before 3.51.3 SQLite loses what is committed at the moment at which somebody looks after a log that is all home
already: https://sqlite.org/wal.html#walresetbug. So nobody ever does: one process of all that share a file brings
home, and only when something was committed after the last time.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from typing import Any, cast

import structlog
from sqlalchemy import Connection

from engine.store.connect import DRIVER_ERRORS, Backend, give_up, raw

log = structlog.get_logger(__name__)

EVERY_S = 1.0
FEW = 20
"""Batches since the last time that are worth two syncs …"""
RESTS = 15
"""… or so many times have passed without; then what other processes wrote is brought home, too."""
LONG = 4_000
"""Pages of 4 KiB from which on the log is to begin anew."""
BUSY_MS = 20
"""How long we wait for the writer, or for one who reads an old state, and the writer then for us."""
NEWS_S = 0.05
"""How long we wait for a commit before the log is brought home to its end; without one nobody is in its way."""
STEPS = 50
"""How often we look within that time."""
LOCK = "-checkpoint"
"""Added to the name of the database's file: the file that whoever brings home keeps locked."""


class Checkpointer:
    """One thread with a connection of its own."""

    def __init__(self, *, backend: Backend, written: Callable[[], int], every_s: float = EVERY_S) -> None:
        """Prepare; ``written`` counts batches that were committed."""
        self._backend = backend
        self._written = written
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._connection: Connection | None = None
        self._lock: int | None = None
        self._version: int | None = None  # of what others committed, as the connection saw it after the last time
        self._seen = 0
        self._rested = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def finish(self) -> None:
        """End the thread; blocks. What is not home yet SQLite brings home when the last connection closes."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            if not self._due():
                continue
            try:
                self._bring_home()
            except (OSError, *DRIVER_ERRORS) as error:
                log.warning("the database's log was not brought home; tried again", error=str(error))
                self._drop()
        self._drop()

    def _due(self) -> bool:
        """Say whether enough was written, or something may have been long ago."""
        written = self._written()
        self._rested += 1
        if written - self._seen < FEW and self._rested < RESTS:
            return False
        self._seen, self._rested = written, 0
        return True

    def _bring_home(self) -> None:
        """Bring home what can be beside the writer; where the log is long, the rest too."""
        if not self._may():
            return
        if self._connection is None:
            self._connection = self._backend.engine.connect()
            raw(self._connection).execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            self._version = None
        if not self._news(self._connection):
            return
        pages = self._checkpoint(self._connection, "PASSIVE")
        if pages >= LONG and self._news_soon(self._connection):
            self._checkpoint(self._connection, "FULL")

    def _may(self) -> bool:
        """Say whether this process is the one that brings home; it stays so until it ends."""
        name = self._backend.engine.url.database
        if self._lock is None and name:
            lock = os.open(f"{name}{LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
            self._lock = lock
        return True

    def _news(self, connection: Connection) -> bool:
        """Say whether others committed since the last time, so that the log holds what is not home.

        A new connection cannot know, so it waits for the next commit.
        """
        version = _number(connection, "data_version")
        if self._version is None:
            self._version = version
        return version != self._version

    def _news_soon(self, connection: Connection) -> bool:
        """Wait for a commit, a moment; blocks."""
        for _ in range(STEPS):
            if self._news(connection):
                return True
            self._stopping.wait(NEWS_S / STEPS)
        return False

    def _checkpoint(self, connection: Connection, mode: str) -> int:
        """Return how many pages the log has."""
        pages = _number(connection, f"wal_checkpoint({mode})", column=1)
        self._version = _number(connection, "data_version")
        return pages

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            give_up(connection)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def _number(connection: Connection, pragma: str, *, column: int = 0) -> int:
    cursor = cast("Any", raw(connection).execute(f"PRAGMA {pragma}"))
    return int(cursor.fetchall()[0][column])
