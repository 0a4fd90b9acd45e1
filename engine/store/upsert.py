"""Rows in and changed, by constant statements spelled alike by both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, Update, and_, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.store.direct import run

Insert = postgresql.Insert | sqlite.Insert


def _insert(dialect: str, table: Table) -> Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def once(dialect: str, table: Table) -> Insert:
    """Return the statement that inserts a row unless a unique index forbids it."""
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _plain(dialect: str, table: Table) -> Insert:
    return _insert(dialect, table)


@cache
def _changing(table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> Update:
    found = and_(*(table.c[key] == bindparam(f"of_{key}") for key in keys))
    return update(table).where(found).values({name: bindparam(f"new_{name}") for name in names})


def insert(conn: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row with a value for every column."""
    run(conn, _plain(conn.dialect.name, table), row)


def insert_once(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert ``row`` unless a unique index forbids it; say whether it was inserted."""
    return run(conn, once(conn.dialect.name, table), row).rowcount == 1


def change(conn: Connection, table: Table, of: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Set columns of the row that has the values ``of``: few different sets of columns, so each is kept compiled."""
    given = {f"of_{name}": value for name, value in of.items()}
    given.update((f"new_{name}", value) for name, value in values.items())
    run(conn, _changing(table, tuple(of), tuple(values)), given)
