"""Bring the schema up to date, one process at a time.

PostgreSQL: an advisory lock on the session. SQLite: the whole upgrade is one immediate transaction (DDL is
transactional there), so that a second process waits and then finds nothing to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from engine.errors import Unavailable
from engine.store.connect import Backend, raw

if TYPE_CHECKING:
    from alembic.config import Config

LOCK_KEY = 0x636F_7264  # "cord"
LOCK_WAIT = "60s"
FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


def upgrade(backend: Backend, *, revision: str = "head") -> None:
    """Run the missing migrations; does nothing when there are none. Blocks.

    Raises:
        Unavailable: the schema is of a version that this one does not know.
    """
    if revision == "head" and _revision_of(backend) == newest():
        return
    from alembic import command  # noqa: PLC0415 - most starts find nothing to do, and are quicker without
    from alembic.util import CommandError  # noqa: PLC0415

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
            except CommandError as error:
                execute("ROLLBACK")
                raise Unavailable(
                    f"the database's schema is not one this version knows: {error}",
                    slug="store-unavailable",
                    mend="Was it written by a newer version? Run that one.",
                ) from error
            except BaseException:
                execute("ROLLBACK")
                raise
            execute("COMMIT")
        finally:
            if backend.name == "postgresql":
                execute(f"SELECT pg_advisory_unlock({LOCK_KEY})")


def newest() -> str:
    """Return the revision that this version of the program brings the schema to: migrations are numbered."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


def _revision_of(backend: Backend) -> str:
    """Return the revision of the schema as it is, "" where there is none yet."""
    with backend.engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return ""
        return connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) or ""  # noqa: S608 - ours


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
