"""Alerts for supervisors."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from engine.errors import NotFound
from engine.model.record import Alert
from engine.store.access import Access
from engine.store.rows import alert_of
from engine.store.tables import alerts

AlertList = list[Alert]


class Alerts:
    """List and acknowledge alerts."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def list(self, org_id: str, *, limit: int = 100) -> AlertList:
        """Return alerts, newest first."""
        query = select(alerts).where(alerts.c.org_id == org_id).order_by(alerts.c.id.desc()).limit(limit)
        return await self._access.read(lambda conn: [alert_of(row) for row in conn.execute(query)])

    async def acknowledge(self, org_id: str, alert_id: str, *, user_id: str, now_ms: int) -> Alert:
        """Mark an alert as seen; the first one counts. Idempotent; raises NotFound."""
        return await self._access.write(org_id, lambda conn: _acknowledge(conn, org_id, alert_id, user_id, now_ms))


def _acknowledge(conn: Connection, org_id: str, alert_id: str, user_id: str, now_ms: int) -> Alert:
    conn.execute(
        update(alerts)
        .where(alerts.c.id == alert_id, alerts.c.org_id == org_id, alerts.c.acknowledged_ms == 0)
        .values(acknowledged_ms=now_ms, acknowledged_by=user_id)
    )
    row = conn.execute(select(alerts).where(alerts.c.id == alert_id, alerts.c.org_id == org_id)).first()
    if row is None:
        raise NotFound(f"there is no alert {alert_id}", slug="unknown-alert")
    return alert_of(row)
