"""What a decision about a case may look at, read under the case's lock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, literal_column, or_, select

from engine.errors import NotFound
from engine.model.casework import CaseFacts, Firing, Milestone, MilestoneState
from engine.store.cases.approval_rows import waiting_approvals
from engine.store.cases.signals import signal_of
from engine.store.cases.tables import case_followers, case_signals, case_timers, cases, firings, milestones
from engine.store.conditions import ITEM_OPEN
from engine.store.customers.claims import claim_of
from engine.store.customers.tables import accounts, contacts, entitlements
from engine.store.direct import beside, every, first, scalar
from engine.store.json_text import load
from engine.store.rows import AnyRow, case_of, contact_of
from engine.store.tables import interactions, work_items

SIGNALS = 200
"""Signals that one decision sees; the next one sees what is left."""
OCCURRENCES = 20
"""The latest of each milestone; of those only the last is not settled."""
RULE_FIRINGS = 100
"""The latest of each automation rule; so often it may fire within an hour."""
RECENT_MS = 7 * 86_400_000
TIMES_MS = 30 * 86_400_000
RECENT_COUNTED = 100

_SEEN: Select[Any] = (
    select(cases, contacts, accounts, entitlements)
    .outerjoin(contacts, and_(contacts.c.id == cases.c.contact_id, contacts.c.org_id == cases.c.org_id))
    .outerjoin(accounts, and_(accounts.c.id == cases.c.account_id, accounts.c.org_id == cases.c.org_id))
    .outerjoin(entitlements, and_(entitlements.c.id == cases.c.entitlement_id, entitlements.c.org_id == cases.c.org_id))
    .where(cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org"))
)
_TABLES = (cases, contacts, accounts, entitlements)
_CASE = _SEEN.with_for_update(of=cases)
_CONTACT = select(contacts).where(contacts.c.id == bindparam("id"), contacts.c.org_id == bindparam("org"))
_ENTITLEMENT = select(entitlements).where(
    entitlements.c.id == bindparam("id"), entitlements.c.org_id == bindparam("org")
)
_ACCOUNT = select(accounts).where(accounts.c.id == bindparam("id"), accounts.c.org_id == bindparam("org"))
_LAST: Any = (
    select(milestones.c.milestone, func.max(milestones.c.occurrence).label("occurrence"))
    .where(milestones.c.case_id == bindparam("case"))
    .group_by(milestones.c.milestone)
    .subquery()
)
_MILESTONES: Select[Any] = (
    select(milestones)
    .join(_LAST, _LAST.c.milestone == milestones.c.milestone)
    .where(
        milestones.c.case_id == bindparam("case"),
        milestones.c.occurrence > _LAST.c.occurrence - literal_column(str(OCCURRENCES)),
    )
    .order_by(milestones.c.id)
)
_TIMERS = select(case_timers).where(case_timers.c.case_id == bindparam("case"))
_ROUND: Any = (  # of rules that fire again and again; a rule set's steps are few
    select(firings.c.step, func.max(firings.c.occurrence).label("occurrence"))
    .where(firings.c.case_id == bindparam("case"))
    .group_by(firings.c.step)
    .subquery()
)
_FIRINGS: Select[Any] = (
    select(firings)
    .join(_ROUND, _ROUND.c.step == firings.c.step)
    .where(
        firings.c.case_id == bindparam("case"),
        or_(
            firings.c.step.contains("/", autoescape=True),
            firings.c.occurrence > _ROUND.c.occurrence - literal_column(str(RULE_FIRINGS)),
        ),
    )
)
_SIGNALS = (
    select(case_signals)
    .where(case_signals.c.case_id == bindparam("case"))
    .order_by(case_signals.c.id)
    .limit(bindparam("most"))
)
_FOLLOWERS = select(case_followers).where(case_followers.c.case_id == bindparam("case"))
_RECENT = (
    select(interactions.c.opened_ms)
    .where(
        interactions.c.org_id == bindparam("org"),
        interactions.c.contact_id == bindparam("contact"),
        interactions.c.opened_ms >= bindparam("since"),
    )
    .order_by(interactions.c.id.desc())
    .limit(bindparam("most"))
)
_WORK = (
    select(work_items.c.id)
    .where(
        work_items.c.org_id == bindparam("org"),
        work_items.c.case_id == bindparam("case"),
        work_items.c.case_id != literal_column("''"),
        ITEM_OPEN,
    )
    .limit(1)
)


def read_facts(conn: Connection, org_id: str, case_id: str, *, now_ms: int, lock: bool = True) -> CaseFacts:
    """Lock a case and return everything that is known of it; raise NotFound. Without a lock only to look."""
    found = beside(conn, _CASE if lock else _SEEN, {"case": case_id, "org": org_id}, *_TABLES)
    row, contact, account, held = found or (None,) * 4
    if row is None:
        raise NotFound(f"there is no case {case_id}", slug="unknown-case")
    # Who waited for the lock while the case was given to another customer finds none beside it.
    contact = contact or _of(conn, _CONTACT, org_id, row.contact_id)
    account = account or _of(conn, _ACCOUNT, org_id, row.account_id)
    held = held or _of(conn, _ENTITLEMENT, org_id, row.entitlement_id)
    case, of = case_of(row), {"case": case_id}
    signals = tuple(signal_of(one) for one in every(conn, _SIGNALS, {**of, "most": SIGNALS}))
    recent = {"org": org_id, "contact": case.contact_id, "since": now_ms - TIMES_MS, "most": RECENT_COUNTED}
    times = tuple(one.opened_ms for one in every(conn, _RECENT, recent)) if case.contact_id else ()
    return CaseFacts(
        case=case,
        now_ms=now_ms,
        contact=None if contact is None else contact_of(contact),
        account_tier="" if account is None else account.tier,
        account_owner_id="" if account is None else account.owner_id,
        entitlement_kind="" if held is None else held.kind,
        milestones=tuple(milestone_of(one) for one in every(conn, _MILESTONES, of)),
        timers={one.timer: one.at_ms for one in every(conn, _TIMERS, of)},
        firings=tuple(firing_of(one) for one in every(conn, _FIRINGS, of)),
        signals=signals,
        followers=frozenset(one.user_id for one in every(conn, _FOLLOWERS, of)),
        recent_contacts=sum(1 for one in times if one >= now_ms - RECENT_MS),
        contact_times=times,
        approvals=waiting_approvals(conn, case_id) if case.approvals_waiting else (),
        has_work=scalar(conn, _WORK, {**of, "org": org_id}) is not None,
        **claim_of(conn, case, signals),
    )


def _of(conn: Connection, query: Select[Any], org_id: str, wanted: str) -> AnyRow | None:
    return first(conn, query, {"id": wanted, "org": org_id}) if wanted else None


def milestone_of(row: AnyRow) -> Milestone:
    """Read a milestone."""
    return Milestone(
        id=row.id,
        case_id=row.case_id,
        key=row.milestone,
        occurrence=row.occurrence,
        plan=row.plan,
        hours=row.hours,
        target_ms=row.target_ms,
        state=MilestoneState(row.state),
        started_ms=row.started_ms,
        used_ms=row.used_ms,
        running_since_ms=row.running_since_ms,
        due_ms=row.due_ms,
        met_ms=row.met_ms,
        missed_ms=row.missed_ms,
    )


def firing_of(row: AnyRow) -> Firing:
    """Read a firing."""
    return Firing(
        case_id=row.case_id,
        step=row.step,
        occurrence=row.occurrence,
        due_ms=row.due_ms,
        at_ms=row.at_ms,
        why=load(row.why),
    )
