"""Finding the way between merged cases: from a lost one to the kept one, and from that to whose history it tells."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import NotFound
from engine.model.customer import CASE
from engine.store.cases.tables import cases
from engine.store.cases.writes import lock_case
from engine.store.customers.tables import merges
from engine.store.direct import every, first
from engine.store.rows import AnyRow

MOST_HOPS = 20
"""Merges that reading follows: what was merged may have been merged into something merged since."""
MOST_ABSORBED = 50
"""Merged cases whose history is told with that of the kept one."""

_INTO: Select[Any] = select(cases.c.merged_into).where(
    cases.c.id == bindparam("id"), cases.c.org_id == bindparam("org")
)
_LOST: Select[Any] = (
    select(merges.c.lost_id)
    .where(
        merges.c.org_id == bindparam("org"),
        merges.c.kept_id == bindparam("kept"),
        merges.c.kind == CASE,
        merges.c.undone_ms == 0,
    )
    .order_by(merges.c.id)
    .limit(MOST_ABSORBED)
)


def present(conn: Connection, org_id: str, case_id: str) -> str:
    """Return the id of the case that a case was merged into, its own where it was not."""
    for _ in range(MOST_HOPS):
        row = first(conn, _INTO, {"id": case_id, "org": org_id})
        if row is None or not row.merged_into:
            return case_id
        case_id = row.merged_into
    raise NotFound(f"case {case_id} was merged too often", slug="unknown-case")


def lock_present(conn: Connection, org_id: str, case_id: str) -> AnyRow | None:
    """Return the row of the case that a case is now, locked until the transaction ends; None: there is none.

    It may be merged while its lock is waited for; then the one that it is part of by then is locked too.
    Raises NotFound for one that was merged too often.
    """
    row = lock_case(conn, org_id, present(conn, org_id, case_id))
    while row is not None and row.merged_into:
        row = lock_case(conn, org_id, present(conn, org_id, row.merged_into))
    return row


def absorbed(conn: Connection, org_id: str, case_id: str) -> list[str]:
    """Return the cases that were merged into a case, and into those; at most ``MOST_ABSORBED``."""
    found: list[str] = []
    waiting = [case_id]
    while waiting and len(found) < MOST_ABSORBED:
        lost = [row.lost_id for row in every(conn, _LOST, {"org": org_id, "kept": waiting.pop(0)})]
        found += lost
        waiting += lost
    return found[:MOST_ABSORBED]
