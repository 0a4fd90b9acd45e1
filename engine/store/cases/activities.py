"""Activities: kept under a version, listed by when they are due, their owners reminded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from engine.ids import NewId
from engine.model.activity import Activity, ActivityKind, ActivityStatus
from engine.store.access import Access
from engine.store.cases.tables import activities
from engine.store.conditions import ACTIVITY_OPEN, REMINDER_DUE
from engine.store.customers.kept import Kept, Shape
from engine.store.direct import first
from engine.store.json_text import dump
from engine.store.tables import alerts
from engine.store.upsert import insert

ACTIVITY = Shape(
    noun=Activity,
    table=activities,
    word="activity",
    enums={"kind": ActivityKind, "status": ActivityStatus},
    filters=frozenset({"case_id", "contact_id", "account_id"}),
)

ActivityList = list[Activity]


class Activities(Kept[Activity]):
    """Keep activities."""

    def __init__(self, *, access: Access) -> None:
        super().__init__(access=access, shape=ACTIVITY)

    async def agenda(
        self, org_id: str, *, owner_id: str, due_before_ms: int, limit: int, after: tuple[int, str] = (0, "")
    ) -> ActivityList:
        """Return what is open, has a due time and is due before ``due_before_ms``, soonest first.

        ``owner_id`` "": everybody's. ``after``: only those behind this one (due, id).
        """
        query = _agenda(org_id, owner_id, due_before_ms).limit(limit)
        due_ms, activity_id = after
        later = (activities.c.due_ms > due_ms) | ((activities.c.due_ms == due_ms) & (activities.c.id > activity_id))
        query = query.where(later)
        return await self._access.read(lambda conn: [ACTIVITY.read(row) for row in conn.execute(query)])

    async def someday(self, org_id: str, *, owner_id: str, limit: int) -> ActivityList:
        """Return an owner's open activities without a due time, newest first."""
        query = (
            select(activities)
            .where(
                activities.c.org_id == org_id,
                activities.c.owner_id == owner_id,
                activities.c.due_ms == 0,
                ACTIVITY_OPEN,
            )
            .order_by(activities.c.id.desc())
            .limit(limit)
        )
        return await self._access.read(lambda conn: [ACTIVITY.read(row) for row in conn.execute(query)])

    async def remind(self, org_id: str, *, now_ms: int, limit: int) -> ActivityList:
        """Remind the owners of what is due for it: an alert each, once; return what they were reminded of."""
        new_id = self._access.new_id
        if await self._access.look(lambda conn: first(conn, _DUE, {"org": org_id, "now": now_ms})) is None:
            return []  # nearly always: the writer is not asked for that
        return await self._access.write(org_id, lambda conn: _remind(conn, org_id, new_id, now_ms, limit))


_DUE: Select[Any] = (
    select(activities.c.id)
    .where(activities.c.org_id == bindparam("org"), REMINDER_DUE, activities.c.remind_ms <= bindparam("now"))
    .limit(1)
)


def _agenda(org_id: str, owner_id: str, due_before_ms: int) -> Select[Any]:
    query = select(activities).where(
        activities.c.org_id == org_id,
        activities.c.due_ms > 0,
        activities.c.due_ms < due_before_ms,
        ACTIVITY_OPEN,
    )
    if owner_id:
        query = query.where(activities.c.owner_id == owner_id)
    return query.order_by(activities.c.due_ms, activities.c.id)


def _remind(conn: Connection, org_id: str, new_id: NewId, now_ms: int, limit: int) -> ActivityList:
    due = (
        select(activities)
        .where(activities.c.org_id == org_id, REMINDER_DUE, activities.c.remind_ms <= now_ms)
        .order_by(activities.c.remind_ms)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [ACTIVITY.read(row) for row in conn.execute(due)]
    conn.execute(update(activities).where(activities.c.id.in_([one.id for one in found])).values(reminded_ms=now_ms))
    told = [one for one in found if one.status is ActivityStatus.OPEN and one.owner_id]
    for one in told:
        insert(conn, alerts, _alert(one, new_id(), now_ms))
    return told


def _alert(activity: Activity, alert_id: str, now_ms: int) -> Mapping[str, object]:
    data = {
        "activity_id": activity.id,
        "subject": activity.subject,
        "due_ms": activity.due_ms,
        "case_id": activity.case_id,
    }
    return {
        "id": alert_id,
        "org_id": activity.org_id,
        "kind": "reminder",
        "user_id": activity.owner_id,
        "at_ms": now_ms,
        "data": dump(data),
        "acknowledged_ms": 0,
        "acknowledged_by": "",
    }
