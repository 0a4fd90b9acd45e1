"""How often automation rules fired, and what went wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, or_, select

from engine.model.automation import FIRED, HELD, WOULD_FIRE, FiringCount
from engine.model.casework import Firing
from engine.store.access import Access
from engine.store.cases.facts import firing_of
from engine.store.cases.tables import firings
from engine.store.direct import every

MOST_FAULTY = 1_000
"""Firings with a fault that are looked through, latest first."""

_SINCE = (firings.c.org_id == bindparam("org"), firings.c.at_ms >= bindparam("since"))
_COUNTS: Select[Any] = (
    select(
        firings.c.step,
        func.count().label("week"),
        func.sum(case((firings.c.at_ms >= bindparam("today"), 1), else_=0)).label("today"),
        func.max(firings.c.at_ms).label("last_ms"),
    )
    .where(*_SINCE, or_(*(firings.c.step.startswith(prefix) for prefix in (FIRED, WOULD_FIRE, HELD))))
    .group_by(firings.c.step)
)
_FAULTS: Select[Any] = (
    select(firings)
    .where(*_SINCE, firings.c.step.startswith(FIRED), firings.c.why.contains('"faults"'))
    .order_by(firings.c.at_ms.desc())
    .limit(bindparam("most"))
)


class RuleFirings:
    """Read the firings of automation rules; each method is one transaction."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def counts(self, org_id: str, *, since_ms: int, today_ms: int) -> Mapping[str, FiringCount]:
        """Return how often each firing of automation happened since ``since_ms``, by its name."""
        values = {"org": org_id, "since": since_ms, "today": today_ms}

        def work(conn: Connection) -> dict[str, FiringCount]:
            rows = every(conn, _COUNTS, values)
            return {row.step: FiringCount(today=int(row.today), week=row.week, last_ms=row.last_ms) for row in rows}

        return await self._access.read(work)

    async def faults(self, org_id: str, *, since_ms: int) -> Mapping[str, Firing]:
        """Return the last firing of each rule since ``since_ms`` of which an action was passed over, by its name."""
        values = {"org": org_id, "since": since_ms, "most": MOST_FAULTY}

        def work(conn: Connection) -> dict[str, Firing]:
            found: dict[str, Firing] = {}
            for row in every(conn, _FAULTS, values):
                found.setdefault(row.step, firing_of(row))
            return found

        return await self._access.read(work)
