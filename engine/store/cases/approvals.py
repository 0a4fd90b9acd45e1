"""Approvals as they are read: one, those of a case, those that concern somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal_column, or_, select, true, union

from engine.errors import NotFound
from engine.model.approval import (
    ApprovalCounts,
    ApprovalFilter,
    Asker,
    Concern,
    FiledApproval,
    Turn,
)
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.approval_rows import TURN_WAITS, WAITING, approval_of, turn_of
from engine.store.cases.sight import Condition, approvals_seen, cases_seen
from engine.store.cases.tables import approval_turns, approvals, cases
from engine.store.rows import AnyRow

MOST_OF_CASE = 200
MOST_COUNTED = 1_000

FiledApprovals = list[FiledApproval]


class Approvals:
    """Read approvals. Every method is one read transaction."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, approval_id: str) -> FiledApproval:
        """Return an approval; raise NotFound (``unknown-approval``)."""
        query = _filed(org_id).where(approvals.c.id == approval_id)
        found = await self._access.read(lambda conn: _read(conn, query))
        if not found:
            raise NotFound(f"there is no approval {approval_id}", slug="unknown-approval")
        return found[0]

    async def of_case(self, org_id: str, case_id: str) -> FiledApprovals:
        """Return the approvals of a case, newest first; at most 200."""
        query = _filed(org_id).where(approvals.c.case_id == case_id).order_by(approvals.c.id.desc())
        return await self._access.read(lambda conn: _read(conn, query.limit(MOST_OF_CASE)))

    async def list(self, org_id: str, which: ApprovalFilter, *, sight: Sight = EVERYTHING) -> FiledApprovals:
        """Return the approvals that somebody looks for, newest first."""
        query = _filed(org_id).order_by(approvals.c.id.desc()).limit(which.limit)
        if not sight.all_cases:
            query = query.where(cases_seen(org_id, sight))
        if which.concern is not None:
            query = query.where(_CONCERNS[which.concern](org_id, which.of))
        if which.state is not None:
            query = query.where(approvals.c.state == which.state.value)
        if which.process:
            query = query.where(approvals.c.process == which.process)
        if which.before_id:
            query = query.where(approvals.c.id < which.before_id)
        return await self._access.read(lambda conn: _read(conn, query))

    async def counts(self, org_id: str, of: Asker, *, sight: Sight = EVERYTHING) -> ApprovalCounts:
        """Return how many approvals wait for somebody, and how many of his own wait; each up to 1,000."""
        seen = true() if sight.all_cases else approvals_seen(org_id, sight)

        def work(conn: Connection) -> ApprovalCounts:
            return ApprovalCounts(
                waiting=_count(conn, org_id, and_(_waits_for(org_id, of), seen)),
                asked=_count(conn, org_id, and_(WAITING, _asked_by(org_id, of), seen)),
            )

        return await self._access.read(work)


def _filed(org_id: str) -> Select[Any]:
    return (
        select(approvals, cases.c.number, cases.c.subject)
        .join(cases, cases.c.id == approvals.c.case_id)
        .where(approvals.c.org_id == org_id, cases.c.org_id == org_id)
    )


def _count(conn: Connection, org_id: str, which: Condition) -> int:
    found = select(approvals.c.id).where(approvals.c.org_id == org_id, which).limit(MOST_COUNTED)
    return conn.execute(select(func.count()).select_from(found.subquery())).scalar_one()


def _read(conn: Connection, query: Select[Any]) -> FiledApprovals:
    rows: Sequence[AnyRow] = conn.execute(query).all()
    turns = _turns(conn, [row.id for row in rows])
    return [
        FiledApproval(approval=approval_of(row, turns.get(row.id, ())), number=row.number, subject=row.subject)
        for row in rows
    ]


def _turns(conn: Connection, ids: Sequence[str]) -> Mapping[str, tuple[Turn, ...]]:
    if not ids:
        return {}
    query = select(approval_turns).where(approval_turns.c.approval_id.in_(ids)).order_by(approval_turns.c.number)
    found: dict[str, tuple[Turn, ...]] = {}
    for row in conn.execute(query):
        found[row.approval_id] = (*found.get(row.approval_id, ()), turn_of(row))
    return found


def _waits_for(org_id: str, of: Asker) -> Condition:
    # Each branch along the partial index of turns that wait, however many approvals there were.
    turn = approval_turns.c
    ways: list[Condition] = [turn.user_id == of.user_id]
    if of.roles:
        ways.append(turn.role.in_(list(of.roles)))
    asked = union(*(select(turn.approval_id).where(turn.org_id == org_id, TURN_WAITS, way) for way in ways))
    own = or_(approvals.c.asked_by != of.user_id, approvals.c.process.in_(list(of.own_processes)))
    return and_(approvals.c.id.in_(asked), WAITING, own)


def _asked_by(_org_id: str, of: Asker) -> Condition:
    return approvals.c.asked_by == of.user_id


def _decided_by(org_id: str, of: Asker) -> Condition:
    turn = approval_turns.c
    named = (turn.decided_by == of.user_id, turn.decided_by != literal_column("''"))
    return approvals.c.id.in_(select(turn.approval_id).where(turn.org_id == org_id, *named))


_CONCERNS = {Concern.WAITING: _waits_for, Concern.ASKED: _asked_by, Concern.DECIDED: _decided_by}
