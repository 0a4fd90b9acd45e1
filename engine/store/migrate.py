"""Bring the schema up to date, one process at a time.

PostgreSQL: an advisory lock on the session. SQLite: the whole upgrade is one immediate transaction (DDL is
transactional there), so that a second process waits and then finds nothing to do.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from engine.store.connect import Backend, raw

LOCK_KEY = 0x636F_7264  # "cord"
LOCK_WAIT = "60s"


def upgrade(backend: Backend, *, revision: str = "head") -> None:
    """Run the missing migrations; does nothing when there are none. Blocks."""
    with backend.engine.connect() as connection:
        execute = raw(connection).execute
        if backend.name == "postgresql":
            execute(f"SET lock_timeout = '{LOCK_WAIT}'")
            execute("SET statement_timeout = 0")
            execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
        connection.begin()  # Alembic leaves the transaction alone that its caller has begun
        try:
            execute("BEGIN IMMEDIATE" if backend.name == "sqlite" else "BEGIN")
            try:
                command.upgrade(_config(connection), revision)
            except BaseException:
                execute("ROLLBACK")
                raise
            execute("COMMIT")
        finally:
            if backend.name == "postgresql":
                execute(f"SELECT pg_advisory_unlock({LOCK_KEY})")


def _config(connection: Connection) -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
