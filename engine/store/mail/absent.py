"""Mail that agents hold, with since when each agent has been in the status that he is in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from engine.model.mail_filing import HeldWork
from engine.store.access import Access
from engine.store.direct import every, first
from engine.store.rows import item_of
from engine.store.tables import agent_statuses, interactions, work_items

Works = list[HeldWork]

_ACTIVE: Select[Any] = (
    select(work_items, interactions.c.channel)
    .join(interactions, interactions.c.id == work_items.c.interaction_id)
    .where(
        work_items.c.org_id == bindparam("org"),
        work_items.c.state == literal_column("'active'"),
        work_items.c.id > bindparam("after"),
        interactions.c.kind == literal_column("'email'"),
    )
    .order_by(work_items.c.id)
    .limit(bindparam("most"))
)
_OF_AGENT = (
    agent_statuses.c.org_id == bindparam("org"),
    agent_statuses.c.agent_id == bindparam("agent"),
    agent_statuses.c.status != literal_column("''"),
)
_STATUS: Select[Any] = (
    select(agent_statuses.c.status)
    .where(*_OF_AGENT)
    .order_by(agent_statuses.c.at_ms.desc(), agent_statuses.c.epoch.desc(), agent_statuses.c.seq.desc())
    .limit(1)
)
_SINCE: Select[Any] = select(func.max(agent_statuses.c.at_ms).label("at_ms")).where(
    *_OF_AGENT, agent_statuses.c.status != bindparam("present")
)
_FIRST: Select[Any] = select(func.min(agent_statuses.c.at_ms).label("at_ms")).where(
    *_OF_AGENT, agent_statuses.c.status == bindparam("present"), agent_statuses.c.at_ms >= bindparam("from")
)


class AbsentAgents:
    """Find who holds mail, and how long he has been as he is."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def holding(self, org_id: str, *, after: str = "", limit: int) -> Works:
        """Return mail that agents hold, by id, from behind ``after``."""
        now_ms = self._access.clock.now_ms()
        values = {"org": org_id, "after": after, "most": limit}
        return await self._access.read(lambda conn: _holding(conn, values, now_ms))


def _holding(conn: Connection, values: dict[str, object], now_ms: int) -> Works:
    stands: dict[str, tuple[str, int]] = {}
    found = []
    for row in every(conn, _ACTIVE, values):
        if row.agent_id not in stands:
            stands[row.agent_id] = _stands(conn, {"org": values["org"], "agent": row.agent_id})
        status, since_ms = stands[row.agent_id]
        found.append(HeldWork(item=item_of(row, now_ms), channel=row.channel, status=status, since_ms=since_ms))
    return found


def _stands(conn: Connection, of: dict[str, object]) -> tuple[str, int]:
    """Return an agent's status, and since when it has been the same without a break; ("", 0) when none is known."""
    last = first(conn, _STATUS, of)
    if last is None:
        return "", 0
    present = {**of, "present": last.status}
    other = first(conn, _SINCE, present)
    begun = first(conn, _FIRST, {**present, "from": (other.at_ms or 0) if other is not None else 0})
    return last.status, (begun.at_ms or 0) if begun is not None else 0
