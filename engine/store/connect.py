"""What differs between SQLite and PostgreSQL: how to open, begin, and which failures deserve another try.

Connections run in the driver's autocommit mode and transactions are spelled out (BEGIN, SAVEPOINT, COMMIT) on the
driver's own connection: group commit needs exactly these steps, and SQLAlchemy's nested transactions cost more
than the statements they protect.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Any, Protocol, cast

import psycopg
import structlog
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from engine.errors import InvalidInput

log = structlog.get_logger(__name__)

BUSY_MS = 10_000
"""How long SQLite waits for another process's write."""
BUSY_STEP_S = 0.02
"""How often we ask again where SQLite does not wait by itself."""
LOCK_WAIT_MS = 400
"""How long a PostgreSQL batch waits for a row before its jobs are run one by one."""
STATEMENT_MS = 30_000
CONNECT_S = 5
WRITE_LANES = 4
READ_THREADS = 4
PREPARED = 400
"""Statements that the server keeps prepared per connection; more than there are."""

_TUNE_WRITER = (
    # ``checkpoint.py`` does it; this is for the case that it cannot: 160 MB of log.
    "PRAGMA wal_autocheckpoint = 40000",
    # What a statement would undo when it fails goes to a new file from 64 KiB on, several times a second.
    "PRAGMA temp_store = MEMORY",
)

# serialization_failure, deadlock_detected, lock_not_available (PostgreSQL, appendix A)
RETRYABLE = frozenset({"40001", "40P01", "55P03"})

TOO_MUCH = "54"
"""Class of what is beyond a limit of PostgreSQL, an index's row for one; the driver counts it as operational."""

DRIVER_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error)
"""What a failing database raises, through SQLAlchemy or from the driver itself."""


class RawConnection(Protocol):
    """The driver's connection: both drivers run a statement on it directly."""

    def execute(self, statement: str, /) -> object:
        """Run one statement without parameters."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """One database: its engine and its ways."""

    engine: Engine
    name: str  # "sqlite" | "postgresql"
    begin_write: str
    begin_read: str
    lanes: int  # writer threads
    readers: int
    tune_writer: tuple[str, ...]  # statements for a new connection of a writing thread
    checkpoints: bool  # a log that somebody has to bring home
    round_trips: bool  # a server: send together what can be

    def dispose(self) -> None:
        """Close what the engine holds."""
        self.engine.dispose()


def open_backend(url: str) -> Backend:
    """Prepare the database at ``url``; nothing is opened yet. Raises InvalidInput on another kind of address."""
    parsed = make_url(url)
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite(url)
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return _postgresql(parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
    raise InvalidInput(
        f"the database address begins with {parsed.drivername!r}",
        mend="Write sqlite:////path/to/file or postgresql://user@host/database.",
    )


def _sqlite(url: str) -> Backend:
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return Backend(
        engine=engine,
        name="sqlite",
        begin_write="BEGIN IMMEDIATE",
        begin_read="BEGIN",
        lanes=1,
        readers=2,
        tune_writer=_TUNE_WRITER,
        checkpoints=True,
        round_trips=False,
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -32768")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on, waiting for a process that writes the new file in the old mode; blocks.

    SQLite does not call its busy handler where waiting might be for ever (a reader that wants to become the writer),
    and answers at once instead: https://sqlite.org/c3ref/busy_handler.html
    """
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(BUSY_STEP_S)
        else:
            return


def _postgresql(url: str) -> Backend:
    settings = f"-c statement_timeout={STATEMENT_MS} -c lock_timeout={LOCK_WAIT_MS} -c timezone=UTC"
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={
            "options": settings,
            "connect_timeout": CONNECT_S,
            "tcp_user_timeout": STATEMENT_MS,
            "application_name": "cordboard",
        },
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return Backend(
        engine=engine,
        name="postgresql",
        begin_write="BEGIN ISOLATION LEVEL READ COMMITTED",
        begin_read="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        lanes=WRITE_LANES,
        readers=READ_THREADS,
        tune_writer=(),
        checkpoints=False,
        round_trips=True,
    )


def _prepare_postgresql(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.prepared_max = PREPARED


def raw(connection: Connection) -> RawConnection:
    """Return the driver's connection beneath ``connection``."""
    return cast("RawConnection", connection.connection.dbapi_connection)


def give_up(connection: Connection) -> None:
    """Close a connection that may be broken; its transaction, if any, is rolled back."""
    try:
        connection.invalidate()
        connection.close()
    except DRIVER_ERRORS as error:
        log.debug("a broken connection was given up", error=str(error))


def _origin(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def retryable(error: BaseException) -> bool:
    """Say whether the same work may succeed when run again alone."""
    origin: Any = _origin(error)
    return isinstance(origin, psycopg.Error) and origin.sqlstate in RETRYABLE


def too_much(error: BaseException) -> bool:
    """Say whether a value is larger than the database can ever keep, however often it is tried."""
    origin = _origin(error)
    return isinstance(origin, psycopg.Error) and (origin.sqlstate or "").startswith(TOO_MUCH)


def away(error: BaseException) -> bool:
    """Say whether the database, not the job, is at fault: away, locked, full or broken."""
    origin = _origin(error)
    if isinstance(origin, psycopg.Error):
        return isinstance(origin, psycopg.OperationalError | psycopg.InterfaceError) and not too_much(origin)
    if isinstance(origin, sqlite3.Error):
        return isinstance(origin, sqlite3.OperationalError | sqlite3.InterfaceError)
    return False
