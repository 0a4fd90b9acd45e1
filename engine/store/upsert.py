"""INSERT … ON CONFLICT, spelled alike by both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def _insert(dialect: str, table: Table) -> Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def once(dialect: str, table: Table) -> Insert:
    """Return the statement that inserts a row unless a unique index forbids it."""
    # The driver's row count is read before its cursor closes only when asked for.
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def insert_once(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert ``row`` unless a unique index forbids it; say whether it was inserted."""
    return conn.execute(once(conn.dialect.name, table), row).rowcount == 1
