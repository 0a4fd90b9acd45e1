"""Alerts: for all supervisors, or for one user."""

from __future__ import annotations

from sqlalchemy import Connection, and_, bindparam, select, update

from engine.errors import NotFound
from engine.model.record import Alert
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.sight import cases_seen
from engine.store.cases.tables import cases
from engine.store.direct import every
from engine.store.rows import alert_of
from engine.store.tables import alerts

AlertList = list[Alert]

_NEWEST = (
    select(alerts)
    .where(alerts.c.org_id == bindparam("org"), alerts.c.user_id == bindparam("user"))
    .order_by(alerts.c.id.desc())
    .limit(bindparam("most"))
)


class Alerts:
    """List and acknowledge alerts."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def list(
        self, org_id: str, *, user_id: str = "", supervisor: bool = True, limit: int = 100, sight: Sight = EVERYTHING
    ) -> AlertList:
        """Return a user's own alerts, and to a ``supervisor`` those for all supervisors, newest first.

        Of the latter he gets what is about a case or a queue that he sees, or about neither.
        """
        mine = {user_id} - {""} | ({""} if supervisor else set())

        def work(conn: Connection) -> AlertList:
            values = {"org": org_id, "most": limit}
            rows = [row for one in mine for row in every(conn, _NEWEST, {**values, "user": one})]
            newest = [alert_of(row) for row in sorted(rows, key=lambda row: str(row.id), reverse=True)[:limit]]
            return newest if sight.everything else _seen(conn, org_id, sight, newest)

        return await self._access.look(work)

    async def acknowledge(
        self,
        org_id: str,
        alert_id: str,
        *,
        user_id: str,
        supervisor: bool = True,
        now_ms: int,
        sight: Sight = EVERYTHING,
    ) -> Alert:
        """Mark an alert as seen; the first one counts. Idempotent; raises NotFound, also for somebody else's."""
        mine = {user_id, ""} if supervisor else {user_id}

        def work(conn: Connection) -> Alert:
            acknowledged = _acknowledge(conn, (org_id, alert_id), user_id=user_id, mine=mine, now_ms=now_ms)
            if not sight.everything and not _seen(conn, org_id, sight, [acknowledged]):
                raise _unknown(alert_id)
            return acknowledged

        return await self._access.write(org_id, work)


def _unknown(alert_id: str) -> NotFound:
    return NotFound(f"there is no alert {alert_id}", slug="unknown-alert")


def _seen(conn: Connection, org_id: str, sight: Sight, found: AlertList) -> AlertList:
    """Return the alerts that are somebody's own, or about what he sees."""
    named = {str(one.data["case_id"]) for one in found if not one.user_id and one.data.get("case_id")}
    shown: frozenset[str] = frozenset()
    if named:
        query = select(cases.c.id).where(
            cases.c.org_id == org_id, cases.c.id.in_(sorted(named)), cases_seen(org_id, sight)
        )
        shown = frozenset(conn.scalars(query))

    def fits(one: Alert) -> bool:
        case_id, queue = one.data.get("case_id"), one.data.get("queue")
        return bool(one.user_id) or not (case_id or queue) or case_id in shown or queue in sight.queues

    return [one for one in found if fits(one)]


def _acknowledge(conn: Connection, where: tuple[str, str], *, user_id: str, mine: set[str], now_ms: int) -> Alert:
    org_id, alert_id = where
    this = and_(alerts.c.id == alert_id, alerts.c.org_id == org_id, alerts.c.user_id.in_(sorted(mine)))
    conn.execute(
        update(alerts)
        .where(this, alerts.c.acknowledged_ms == 0)
        .values(acknowledged_ms=now_ms, acknowledged_by=user_id)
    )
    row = conn.execute(select(alerts).where(this)).first()
    if row is None:
        raise _unknown(alert_id)
    return alert_of(row)
