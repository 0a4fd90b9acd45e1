"""One member of a JSON object that is kept as text, as a condition, spelled for both databases.

Without ``->``, which SQLite has since 3.38 only: https://sqlite.org/json1.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Text, and_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class member(FunctionElement[str]):  # noqa: N801 - named like an SQL function
    """The text of a member (of ``column``, by ``key`` and by ``path``); NULL where there is none."""

    name = "member"
    type = Text()
    inherit_cache = True


def has_value(column: ColumnElement[Any], key: str, values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that the member is one of ``values``, or a list that holds one; true is ``"true"``."""
    text = member(column, key, f'$."{key}"')
    in_list = [text.contains(msgspec.json.encode(value).decode(), autoescape=True) for value in values]
    # A row without the member counts as one that has another value, so that "not" finds it.
    return and_(text.is_not(None), or_(text.in_(list(values)), and_(text.startswith('["'), or_(*in_list))))


@compiles(member)
def _sqlite(element: member, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - handed on
    column, _, path = (compiler.process(one, **kw) for one in element.clauses)
    json = f"NULLIF({column}, '')"
    kind, value = f"json_type({json}, {path})", f"json_extract({json}, {path})"
    return f"(CASE {kind} WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST({value} AS TEXT) END)"


@compiles(member, "postgresql")
def _postgresql(element: member, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - handed on
    column, key, _ = (compiler.process(one, **kw) for one in element.clauses)
    return f"(CAST(NULLIF({column}, '') AS json) ->> CAST({key} AS text))"
