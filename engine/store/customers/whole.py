"""Whom the rows of somebody point to: while a merge of many rows goes on, some still to who was merged into him."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, literal_column, select

from engine.store.customers.tables import merges
from engine.store.direct import every

_ON_THEIR_WAY: Select[Any] = (
    select(merges.c.lost_id)
    .where(
        merges.c.org_id == bindparam("org"),
        merges.c.kept_id == bindparam("kept"),
        merges.c.moving == literal_column("1"),
        merges.c.undone_ms == literal_column("0"),
    )
    .order_by(merges.c.id)
)


def whole(conn: Connection, org_id: str, *ids: str) -> Sequence[str]:
    """Return contacts, accounts or cases, and after them whose rows are on their way to them: nearly always none."""
    found = list(ids)
    for one in ids:
        found += [row.lost_id for row in every(conn, _ON_THEIR_WAY, {"org": org_id, "kept": one})]
    return found
