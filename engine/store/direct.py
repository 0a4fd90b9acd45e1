"""Statements of the hot path, handed to the driver itself.

SQLAlchemy compiles them once per database, so that there is one spelling for both; after that its per-execution work,
three quarters of a small statement's cost, is skipped. Only for columns that need no conversion when they are read
(text and integers). What is handed in must be a constant: a statement made anew each time is compiled each time.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable, Select

from engine.store.rows import AnyRow

KEPT = 512
"""Statements kept compiled."""


Beside = tuple[AnyRow | None, ...]
"""One row of each of several tables."""


class Cursor(Protocol):
    """What both drivers return."""

    @property
    def rowcount(self) -> int:
        """Return how many rows a write touched."""
        ...

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        ...

    def fetchall(self) -> Sequence[tuple[Any, ...]]:
        """Return the rows that are left."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Compiled:
    sql: str
    names: tuple[str, ...] | None  # the order of positional parameters; None: by name
    constants: Mapping[str, object]
    row: Callable[[tuple[Any, ...]], AnyRow]


@lru_cache(maxsize=KEPT)
def _compiled(dialect: Dialect, statement: Executable) -> _Compiled:
    compiled = cast("SQLCompiler", cast("Any", statement).compile(dialect=dialect))
    names = tuple(compiled.positiontup) if compiled.positiontup else None
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    columns = [str(column.key) for column in statement.selected_columns] if isinstance(statement, Select) else []
    make: Any = namedtuple("Row", columns, rename=True)._make  # type: ignore[attr-defined]  # noqa: PYI024 -- the columns are known at run time only
    return _Compiled(sql=compiled.string, names=names, constants=constants, row=make)


def _hand(conn: Connection, compiled: _Compiled, values: Mapping[str, object]) -> Cursor:
    given = {**compiled.constants, **values} if compiled.constants else values
    parameters: object = given if compiled.names is None else [given[name] for name in compiled.names]
    return execute(conn, compiled.sql, parameters)


def execute(conn: Connection, sql: str, parameters: object) -> Cursor:
    """Execute text in the driver's own spelling."""
    driver: Any = conn.connection.dbapi_connection
    return cast("Cursor", driver.execute(sql, parameters))


def run(conn: Connection, statement: Executable, values: Mapping[str, object]) -> Cursor:
    """Execute ``statement``, which must be a constant, with a value for each of its parameters."""
    return _hand(conn, _compiled(conn.dialect, statement), values)


def first(conn: Connection, query: Select[Any], values: Mapping[str, object]) -> AnyRow | None:
    """Return the first row of a constant query."""
    compiled = _compiled(conn.dialect, query)
    row = _hand(conn, compiled, values).fetchone()
    return None if row is None else compiled.row(row)


def every(conn: Connection, query: Select[Any], values: Mapping[str, object]) -> list[AnyRow]:
    """Return all rows of a constant query."""
    compiled = _compiled(conn.dialect, query)
    return [compiled.row(row) for row in _hand(conn, compiled, values).fetchall()]


def beside(conn: Connection, query: Select[Any], values: Mapping[str, object], *tables: Table) -> Beside | None:
    """Return the first row of a constant query for all columns of ``tables``, as one row of each.

    A table whose first column is NULL, as where nothing was joined, has None.
    """
    found = run(conn, query, values).fetchone()
    if found is None:
        return None
    rows: list[AnyRow | None] = []
    at = 0
    for table in tables:
        make, width = _row_of(table)
        rows.append(None if found[at] is None else make(found[at : at + width]))
        at += width
    return tuple(rows)


@lru_cache(maxsize=KEPT)
def _row_of(table: Table) -> tuple[Callable[[tuple[Any, ...]], AnyRow], int]:
    names = [column.name for column in table.columns]
    make: Any = namedtuple("Row", names, rename=True)._make  # type: ignore[attr-defined]  # noqa: PYI024 -- as above
    return make, len(names)


def scalar(conn: Connection, query: Executable, values: Mapping[str, object]) -> Any:  # noqa: ANN401 -- whatever the column holds
    """Return the first column of the first row, None without one."""
    row = run(conn, query, values).fetchone()
    return None if row is None else row[0]
