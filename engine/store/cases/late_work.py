"""Escalations: late work raised once per segment, in SQL first; then the board is told."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from engine.ids import NewId
from engine.model.record import Escalation
from engine.store.access import Access
from engine.store.cases.tables import escalations
from engine.store.cases.writes import add_event, lock_case, write_changes
from engine.store.conditions import ESCALATION_UNDONE, ITEM_OPEN, SEGMENT_OPEN, SEGMENT_UNANSWERED
from engine.store.json_text import dump
from engine.store.rows import AnyRow, case_of, escalation_of
from engine.store.tables import alerts, segments, work_items
from engine.store.upsert import insert_once

Rules = Mapping[str, tuple[int, int]]
"""Queue → (unanswered for so long, points of priority to add)."""


class Escalations:
    """Find late work and raise it."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def due(self, org_id: str, *, rules: Rules, now_ms: int, limit: int) -> list[str]:
        """Return ids of open items unanswered for longer than their queue's rule, not escalated in this segment."""
        return await self._access.read(lambda conn: _due(conn, org_id, rules=rules, now_ms=now_ms, limit=limit))

    async def escalate(self, org_id: str, item_id: str, *, rules: Rules, now_ms: int) -> Escalation | None:
        """Write escalation, priorities, case event and alert in one transaction.

        None when it was answered, has ended, changed to a queue without a rule, or somebody else was first.
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id, lambda conn: _escalate(conn, (org_id, item_id), rules=rules, new_id=new_id, now_ms=now_ms)
        )

    async def unfinished(self, org_id: str, limit: int) -> list[Escalation]:
        """Return escalations the board does not know yet, oldest first."""
        query = (
            select(escalations)
            .where(escalations.c.org_id == org_id, ESCALATION_UNDONE)
            .order_by(escalations.c.at_ms)
            .limit(limit)
        )
        return await self._access.look(lambda conn: [escalation_of(row) for row in conn.execute(query)])

    async def finish(self, org_id: str, escalation_id: str) -> None:
        """Mark an escalation as known to the board. Idempotent."""
        statement = (
            update(escalations)
            .where(escalations.c.id == escalation_id, escalations.c.org_id == org_id, ESCALATION_UNDONE)
            .values(done_ms=self._access.clock.now_ms())
        )
        await self._access.execute(org_id, statement)


def _due(conn: Connection, org_id: str, *, rules: Rules, now_ms: int, limit: int) -> list[str]:
    found: list[str] = []
    for queue, (after_ms, _points) in rules.items():
        query = (
            select(segments.c.item_id)
            .join(work_items, work_items.c.id == segments.c.item_id)
            .outerjoin(
                escalations,
                (escalations.c.item_id == segments.c.item_id) & (escalations.c.segment == segments.c.number),
            )
            .where(
                segments.c.org_id == org_id,
                segments.c.queue == queue,
                SEGMENT_UNANSWERED,
                segments.c.offered_ms <= now_ms - after_ms,
                ITEM_OPEN,
                escalations.c.item_id.is_(None),
            )
            .order_by(segments.c.offered_ms)
            .limit(limit - len(found))
        )
        found += conn.execute(query).scalars()
        if len(found) >= limit:
            break
    return found


def _escalate(
    conn: Connection, where: tuple[str, str], *, rules: Rules, new_id: NewId, now_ms: int
) -> Escalation | None:
    item = conn.execute(
        select(work_items)
        .where(work_items.c.id == where[1], work_items.c.org_id == where[0], ITEM_OPEN)
        .with_for_update()
    ).first()
    segment = conn.execute(select(segments).where(segments.c.item_id == where[1], SEGMENT_OPEN)).first()
    if item is None or segment is None or segment.answered_ms or segment.queue not in rules:
        return None
    points = rules[segment.queue][1]
    row = {
        "item_id": item.id,
        "segment": segment.number,
        "id": new_id(),
        "org_id": item.org_id,
        "queue": segment.queue,
        "priority": item.priority + points,
        "case_id": item.case_id,
        "at_ms": now_ms,
        "done_ms": 0,
    }
    if not insert_once(conn, escalations, row):
        return None
    conn.execute(update(work_items).where(work_items.c.id == item.id).values(priority=row["priority"]))
    _raise_case(conn, item, points, new_id=new_id, now_ms=now_ms)
    _alert(conn, item, segment, new_id=new_id, now_ms=now_ms)
    return escalation_of(conn.execute(select(escalations).where(escalations.c.id == row["id"])).one())


def _raise_case(conn: Connection, item: AnyRow, points: int, *, new_id: NewId, now_ms: int) -> None:
    found = lock_case(conn, item.org_id, item.case_id) if item.case_id else None
    if found is None:
        return
    case = case_of(found)
    priority = case.priority + points
    data: dict[str, object] = {"from": case.priority, "to": priority, "item_id": item.id, "queue": item.queue}
    add_event(conn, case, kind="escalated", data=data, new_id=new_id, actor_id="", now_ms=now_ms)
    write_changes(conn, case, {"priority": priority, "escalated_ms": now_ms}, now_ms)


def _alert(conn: Connection, item: AnyRow, segment: AnyRow, *, new_id: NewId, now_ms: int) -> None:
    data = {
        "item_id": item.id,
        "interaction_id": item.interaction_id,
        "case_id": item.case_id,
        "queue": segment.queue,
        "waited_ms": now_ms - segment.offered_ms,
        "priority": item.priority,
    }
    row = {
        "id": new_id(),
        "org_id": item.org_id,
        "user_id": "",
        "kind": "escalation",
        "at_ms": now_ms,
        "data": dump(data),
        "acknowledged_ms": 0,
        "acknowledged_by": "",
    }
    conn.execute(alerts.insert(), row)
