"""Plain text search: a case-folded column that contains the words.

A scan within the organisation, so that somebody bounds it: the newest rows are looked at one by one, and those that
the search index names. Whole words and beginnings of words are the index's (``full_text``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, select

from engine.store.rows import AnyRow

LOOKED = 20_000
"""Newest rows that are looked at one by one."""


def containing(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that ``column`` contains every word of ``text``, whatever their case."""
    words = text.casefold().split()
    return and_(True, *(column.contains(word, autoescape=True) for word in words))


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """Which rows of customers contain a text: among whom is looked, and who else is asked about."""

    table: Table  # contacts | accounts
    org_id: str
    text: str
    lane: Sequence[ColumnElement[bool]]  # whose newest are looked at
    fits: Sequence[ColumnElement[bool]] = ()  # what else must hold
    named: Sequence[str] = ()  # ids of those that the search index names
    before_id: str = ""  # exclusive; "" = from the newest


def newest_containing(conn: Connection, looked: Looked, *, limit: int) -> list[AnyRow]:
    """Return rows that contain the text and fit, newest first: of the newest ``LOOKED`` and of those that are named."""
    row = looked.table.c
    lane = [*looked.lane, *([row.id < looked.before_id] if looked.before_id else [])]
    fits = [row.org_id.concat("") == looked.org_id, containing(row.search, looked.text), *lane, *looked.fits]
    newest = select(row.id).where(row.org_id == looked.org_id, *lane).order_by(row.id.desc()).limit(LOOKED)
    window = newest.subquery("newest")
    among = select(looked.table).join(window, window.c.id == row.id).where(*fits).order_by(row.id.desc()).limit(limit)
    found = {one.id: one for one in conn.execute(among)}
    if looked.named and len(found) < limit:
        named = select(looked.table).where(row.id.in_(list(looked.named)), *fits)
        found |= {one.id: one for one in conn.execute(named)}
    return [found[one] for one in sorted(found, reverse=True)[:limit]]
