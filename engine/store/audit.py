"""The audit log: who did what to what."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from engine.model.record import AuditEvent
from engine.store.access import Access
from engine.store.json_text import dump
from engine.store.rows import audit_event_of
from engine.store.tables import audit_events

AuditList = list[AuditEvent]


class Audit:
    """Keep the audit log."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def add(
        self,
        org_id: str,
        *,
        actor_id: str,
        action: str,
        target: str,
        now_ms: int,
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Add a line."""
        row = {
            "id": self._access.new_id(),
            "org_id": org_id,
            "at_ms": now_ms,
            "actor_id": actor_id,
            "action": action,
            "target": target,
            "data": dump(data or {}),
        }
        await self._access.execute(org_id, audit_events.insert(), row)

    async def list(self, org_id: str, limit: int = 100) -> AuditList:
        """Return lines, newest first."""
        query = (
            select(audit_events).where(audit_events.c.org_id == org_id).order_by(audit_events.c.id.desc()).limit(limit)
        )
        return await self._access.read(lambda conn: [audit_event_of(row) for row in conn.execute(query)])
