"""INSERT … ON CONFLICT, spelled alike by both dialects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def _insert(dialect: str, table: Table) -> Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _once(dialect: str, table: Table) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _replacing(dialect: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> Insert:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={column: statement.excluded[column] for column in columns}
    )


def insert_once(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert ``row`` unless a unique index forbids it; say whether it was inserted."""
    return conn.execute(_once(conn.dialect.name, table), row).rowcount == 1


def insert_or_update(conn: Connection, table: Table, row: Mapping[str, Any], *, keys: Sequence[str]) -> None:
    """Insert ``row``, or let it replace the other columns of the row with the same ``keys``."""
    columns = tuple(name for name in row if name not in keys)
    conn.execute(_replacing(conn.dialect.name, table, tuple(keys), columns), row)
