"""Deputies as a decision sees them, and the cases that are to be looked at for one."""

from __future__ import annotations

from sqlalchemy import Connection, literal_column, select

from engine.model.deputy import Deputy
from engine.store.cases.tables import approval_turns, approvals, case_timers, deputies
from engine.store.rows import AnyRow
from engine.store.upsert import insert_once


def deputies_from(conn: Connection, org_id: str, now_ms: int) -> tuple[Deputy, ...]:
    """Return who stands in, now or later, in the order in which it begins."""
    row = deputies.c
    query = select(deputies).where(row.org_id == org_id, row.to_ms > now_ms).order_by(row.from_ms, row.id)
    return tuple(deputy_row(one) for one in conn.execute(query))


def deputy_row(row: AnyRow) -> Deputy:
    """Return the noun."""
    return Deputy(
        id=row.id,
        org_id=row.org_id,
        user_id=row.user_id,
        deputy_id=row.deputy_id,
        from_ms=row.from_ms,
        to_ms=row.to_ms,
        note=row.note,
        made_by=row.made_by,
        made_ms=row.made_ms,
    )


def look_at_turns(conn: Connection, deputy: Deputy) -> None:
    """Let the cases be decided on when it begins in which who is away is asked for his yes by then."""
    turn = approval_turns.c
    waits = (turn.org_id == deputy.org_id, turn.user_id == deputy.user_id, turn.state == literal_column("'waiting'"))
    asked = approvals.join(approval_turns, turn.approval_id == approvals.c.id)
    for case_id in conn.scalars(select(approvals.c.case_id).select_from(asked).where(*waits).distinct()).all():
        row = {"case_id": case_id, "timer": f"deputy:{deputy.id}", "org_id": deputy.org_id, "at_ms": deputy.from_ms}
        insert_once(conn, case_timers, row)
