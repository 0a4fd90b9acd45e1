"""Bring what SQLite's write-ahead log holds home into the database's file, beside the writer instead of in it.

By itself SQLite does that within the commit that makes the log longer than 1,000 pages, two times a second where
chats begin and end: some hundred pages and two syncs for which whoever sends a message waits. Here a thread does it,
while the writer goes on. The log begins anew only once all of it is home, which never is while somebody writes; so
when it has become long, what came meanwhile is brought home with the writer kept out for a moment.
https://sqlite.org/wal.html, sections 3.2 and 3.3; https://sqlite.org/pragma.html#pragma_wal_checkpoint
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import structlog
from sqlalchemy import Connection

from engine.store.connect import DRIVER_ERRORS, Backend, raw

log = structlog.get_logger(__name__)

EVERY_S = 1.0
FEW = 20
"""Batches since the last time that are worth two syncs …"""
RESTS = 15
"""… or so many times have passed without."""
LONG = 4_000
"""Pages of 4 KiB from which on the log is to begin anew."""
BUSY_MS = 20
"""How long we wait for the writer, or for one who reads an old state, and the writer then for us."""


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
            except DRIVER_ERRORS as error:
                log.warning("the database's log was not brought home; tried again", error=str(error))
                self._drop()
        self._drop()

    def _due(self) -> bool:
        """Say whether enough was written, or something long ago."""
        written = self._written()
        self._rested += 1
        if written == self._seen or (written - self._seen < FEW and self._rested < RESTS):
            return False
        self._seen, self._rested = written, 0
        return True

    def _bring_home(self) -> None:
        """Bring home what can be beside the writer; where the log is long, the rest too."""
        if self._connection is None:
            self._connection = self._backend.engine.connect()
            raw(self._connection).execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        pages = self._checkpoint(self._connection, "PASSIVE")
        if pages >= LONG:
            self._checkpoint(self._connection, "FULL")

    def _checkpoint(self, connection: Connection, mode: str) -> int:
        """Return how many pages the log has."""
        cursor = cast("Any", raw(connection).execute(f"PRAGMA wal_checkpoint({mode})"))
        return int(cursor.fetchone()[1])

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except DRIVER_ERRORS:
                log.debug("a broken connection was given up")
