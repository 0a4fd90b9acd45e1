"""What somebody sees of cases, conversations and work, as conditions on their rows.

Each branch is found by an index of its own or looks at one row; nothing reads an organisation's cases to tell of one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, exists, literal_column, or_, select, true
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from engine.model.visibility import CasesSeen, Sight
from engine.store.cases.tables import approval_turns, approvals, case_followers, cases
from engine.store.conditions import ITEM_OPEN
from engine.store.customers.tables import account_team
from engine.store.tables import interactions, work_items

Condition = ColumnElement[bool]
Columns = ReadOnlyColumnCollection[str, Column[Any]] | ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]

READING = ("read", "edit")
WRITING = ("edit",)
HELD = ("offered", "active", "parked", "wrapup")
"""States of work in which it is, or may become, the work of its agent."""

_NOTHING: Any = literal_column("''")


def held(org_id: str, sight: Sight, column: str) -> Select[Any]:
    """Select a column of the work that somebody holds, or is offered, right now."""
    found = work_items.c[column]
    mine = (work_items.c.org_id == org_id, work_items.c.agent_id == sight.user_id, work_items.c.state.in_(HELD))
    return select(found).where(*mine, ITEM_OPEN, found != _NOTHING).correlate(None)


def looked_after(org_id: str, sight: Sight, column: str, *, write: bool) -> Select[Any]:
    """Select the accounts whose team gives somebody this access (``column``: account_access or case_access)."""
    team = account_team.c
    levels = WRITING if write else READING
    mine = (team.org_id == org_id, team.user_id == sight.user_id, team[column].in_(levels))
    return select(team.account_id).where(*mine).correlate(None)


def answering(org_id: str, sight: Sight) -> Select[Any]:
    """Select the cases about which somebody is asked for his yes right now."""
    turn = approval_turns.c
    waits = (turn.org_id == org_id, turn.user_id == sight.user_id, turn.state == literal_column("'waiting'"))
    asked = approvals.join(approval_turns, turn.approval_id == approvals.c.id)
    return select(approvals.c.case_id).select_from(asked).where(*waits).correlate(None)


def approvals_seen(org_id: str, sight: Sight, *, write: bool = False) -> Condition:
    """Return the condition on ``approvals``: as its case; whoever asked or is asked may do his part, too."""
    if sight.all_cases:
        return true()
    row, turn = approvals.c, approval_turns.c
    seen = case_is_seen(org_id, sight, row.case_id, write=write)
    if not write:
        return seen
    waits = (turn.approval_id == row.id, turn.user_id == sight.user_id, turn.state == literal_column("'waiting'"))
    return or_(seen, row.asked_by == sight.user_id, exists().where(*waits).correlate_except(approval_turns))


def cases_seen(org_id: str, sight: Sight, *, write: bool = False, of: Columns = cases.c) -> Condition:
    """Return the condition on ``cases``, or on what has its columns, that somebody may read it, or write it."""
    if sight.all_cases:
        return true()
    case, follower = of, case_followers.c
    followed = select(follower.case_id).where(follower.org_id == org_id, follower.user_id == sight.user_id)
    talking = select(interactions.c.case_id).where(
        interactions.c.id.in_(held(org_id, sight, "interaction_id")), interactions.c.case_id != _NOTHING
    )
    ways: list[Condition] = [
        case.owner_id == sight.user_id,
        case.id.in_(followed.correlate(None)),
        case.id.in_(held(org_id, sight, "case_id")),
        case.id.in_(talking.correlate(None)),
        and_(case.account_id != _NOTHING, case.account_id.in_(looked_after(org_id, sight, "case_access", write=write))),
    ]
    if not write:
        ways.append(case.id.in_(answering(org_id, sight)))
    if sight.visibility.cases is CasesSeen.TEAM:
        ways += [column.in_(keys) for column, keys in ((case.team, sight.teams), (case.queue, sight.queues)) if keys]
    return or_(*ways)


def case_is_seen(org_id: str, sight: Sight, of: ColumnElement[str], *, write: bool = False) -> Condition:
    """Return the condition that the case whose id stands in a column is seen."""
    seen = exists().where(cases.c.id == of, cases.c.org_id == org_id, cases_seen(org_id, sight, write=write))
    return seen.correlate_except(cases)


def interactions_seen(org_id: str, sight: Sight, *, write: bool = False) -> Condition:
    """Return the condition on ``interactions``: as its case, or as the work it was while it has none."""
    if sight.all_cases:
        return true()
    row = interactions.c
    ways: list[Condition] = [
        row.id.in_(held(org_id, sight, "interaction_id")),
        and_(row.case_id != _NOTHING, case_is_seen(org_id, sight, row.case_id, write=write)),
    ]
    if sight.visibility.cases is CasesSeen.TEAM and sight.queues:
        worked = exists().where(work_items.c.interaction_id == row.id, work_items.c.queue.in_(sight.queues))
        ways.append(and_(row.case_id == _NOTHING, worked.correlate_except(work_items)))
    return or_(*ways)


def items_seen(org_id: str, sight: Sight, *, write: bool = False) -> Condition:
    """Return the condition on ``work_items``: his own, of his queues, or of a case he sees."""
    if sight.all_cases:
        return true()
    row = work_items.c
    ways: list[Condition] = [
        row.agent_id == sight.user_id,
        and_(row.case_id != _NOTHING, case_is_seen(org_id, sight, row.case_id, write=write)),
    ]
    if sight.visibility.cases is CasesSeen.TEAM and sight.queues:
        ways.append(row.queue.in_(sight.queues))
    return or_(*ways)
