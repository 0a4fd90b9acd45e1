"""Statements of the hot path, handed to the driver itself.

SQLAlchemy compiles them once per database, so that there is one spelling for both; after that its per-execution work,
three quarters of an append's cost, is skipped. Only for columns that need no conversion (text and integers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable


class Cursor(Protocol):
    """What both drivers return."""

    @property
    def rowcount(self) -> int:
        """Return how many rows a write touched."""
        ...

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Compiled:
    sql: str
    names: tuple[str, ...] | None  # the order of positional parameters; None: by name
    constants: Mapping[str, object]


@lru_cache(maxsize=256)
def _compiled(dialect: Dialect, statement: Executable) -> _Compiled:
    compiled = cast("SQLCompiler", cast("Any", statement).compile(dialect=dialect))
    names = tuple(compiled.positiontup) if compiled.positiontup else None
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return _Compiled(sql=compiled.string, names=names, constants=constants)


def run(conn: Connection, statement: Executable, values: Mapping[str, object]) -> Cursor:
    """Execute ``statement``, which must be a constant, with a value for each of its parameters."""
    compiled = _compiled(conn.dialect, statement)
    given = {**compiled.constants, **values} if compiled.constants else values
    parameters: object = given if compiled.names is None else [given[name] for name in compiled.names]
    driver: Any = conn.connection.dbapi_connection
    return cast("Cursor", driver.execute(compiled.sql, parameters))
