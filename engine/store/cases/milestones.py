"""Milestones as they stand, and word to cases that the hours or plans behind them have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, or_, select

from engine.ids import NewId
from engine.model.casework import Milestone, SignalKind
from engine.store.access import Access
from engine.store.cases.clock_table import clock_marks
from engine.store.cases.facts import milestone_of
from engine.store.cases.signals import add_signal
from engine.store.cases.tables import case_signals, cases, milestones
from engine.store.upsert import change, insert_once

ENOUGH = 200
"""Signals that wait for their clerk beyond which no more are left: what happens to cases goes before."""


class Milestones:
    """Read milestones; tell cases of other clocks."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def of_cases(self, org_id: str, case_ids: Sequence[str]) -> Mapping[str, tuple[Milestone, ...]]:
        """Return the milestones of each case that has any, in the order in which they started."""
        if not case_ids:
            return {}
        query = (
            select(milestones)
            .where(milestones.c.org_id == org_id, milestones.c.case_id.in_(case_ids))
            .order_by(milestones.c.started_ms, milestones.c.id)
        )
        found: dict[str, tuple[Milestone, ...]] = {}
        for row in await self._access.look(lambda conn: conn.execute(query).all()):
            found[row.case_id] = (*found.get(row.case_id, ()), milestone_of(row))
        return found

    async def retell(
        self, org_id: str, digest: str, *, queues: Sequence[str], over: Sequence[str], now_ms: int, limit: int
    ) -> bool:
        """Tell the next ``limit`` cases that the clocks changed to ``digest``; say whether more are to be told.

        Those with a plan, or in one of ``queues``, and in no status of ``over``. What was told is marked in the same
        transaction, so that a crash goes on where it was; another digest begins anew. Idempotent once all are told.
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: _retell(conn, org_id, digest, (queues, over), new_id=new_id, now_ms=now_ms, limit=limit),
        )

    async def told(self, org_id: str, digest: str) -> bool:
        """Say whether all cases have been told of ``digest``; cheap, for who asks again and again."""
        query = select(clock_marks).where(clock_marks.c.org_id == org_id)
        row = await self._access.look(lambda conn: conn.execute(query).first())
        return row is not None and row.digest == digest and bool(row.done)


def _retell(
    conn: Connection,
    org_id: str,
    digest: str,
    which: tuple[Sequence[str], Sequence[str]],
    *,
    new_id: NewId,
    now_ms: int,
    limit: int,
) -> bool:
    insert_once(conn, clock_marks, {"org_id": org_id, "digest": digest, "case_id": "", "done": 0})
    mark = conn.execute(select(clock_marks).where(clock_marks.c.org_id == org_id).with_for_update()).one()
    anew = mark.digest != digest
    if mark.done and not anew:
        return False
    waiting = select(func.count()).select_from(
        select(case_signals.c.id).where(case_signals.c.org_id == org_id).limit(ENOUGH).subquery()
    )
    if conn.execute(waiting).scalar_one() >= ENOUGH:
        return True
    found = _next_cases(conn, org_id, "" if anew else mark.case_id, which, limit)
    for case_id in found:
        add_signal(
            conn, org_id, case_id, SignalKind.CHANGED, new_id=new_id, at_ms=now_ms, fields=["plan"], why="clocks"
        )
    more = len(found) == limit
    now = {"digest": digest, "case_id": found[-1] if found else "", "done": int(not more)}
    change(conn, clock_marks, {"org_id": org_id}, now)
    return more


def _next_cases(
    conn: Connection, org_id: str, after: str, which: tuple[Sequence[str], Sequence[str]], limit: int
) -> Sequence[str]:
    queues, over = which
    query = (
        select(cases.c.id)
        .where(
            cases.c.org_id == org_id,
            cases.c.id > after,
            cases.c.status.not_in(over),
            or_(cases.c.plan != "", cases.c.queue.in_(queues)),
        )
        .order_by(cases.c.id)
        .limit(limit)
    )
    return conn.execute(query).scalars().all()
