"""One decision about a case: lock it, read the facts, ask, write what was decided, all in one transaction.

Whatever a decision consists of becomes true at once or not at all. The signals it saw are gone with it, so that a
crash before the commit lets the next clerk decide on them again, and one after it has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Select, and_, bindparam, delete, exists, func, or_, select

from engine.errors import InvalidInput
from engine.ids import NewId
from engine.model.case import Case, CaseEvent, NewCase
from engine.model.case_setup import Filing
from engine.model.casework import (
    CaseDecision,
    CaseFacts,
    Change,
    Decide,
    Decided,
    Effect,
    Firing,
    Milestone,
    SignalKind,
)
from engine.store.cases.absent import without_absent
from engine.store.cases.approval_rows import possible, write_approvals
from engine.store.cases.facts import read_facts
from engine.store.cases.references import check_references
from engine.store.cases.tables import (
    case_effects,
    case_followers,
    case_signals,
    case_tags,
    case_timers,
    cases,
    firings,
    milestones,
)
from engine.store.cases.writes import add_event, merged_away, open_case, search_text, write_changes, write_tags
from engine.store.customers.claims import claimed, tell_of_claim
from engine.store.direct import every, first, run, scalar
from engine.store.json_text import dump
from engine.store.rows import case_of
from engine.store.upsert import change, insert, insert_once

CHANGEABLE = frozenset(
    {
        "subject",
        "description",
        "status",
        "priority",
        "type",
        "queue",
        "owner_id",
        "team",
        "topic",
        "contact_id",
        "account_id",
        "parent_id",
        "fields",
        "tags",
        "plan",
        "entitlement_id",
        "entitled",
        "rating",
        "routed",
        "skills",
        "item_id",
        "escalated_ms",
        "closed_ms",
        "reopened",
        "merged_into",
    }
)
"""Fields of a case that a decision may change."""
EVENT_KINDS: Mapping[str, str] = {"owner_id": "owner"}
"""How the event of a changed field is called, where not like the field."""
SILENT = frozenset({"closed_ms", "escalated_ms", "reopened", "item_id"})
"""Fields that follow from something which has its line of history: they have none of their own."""

CARRIED = tuple(
    one.value for one in (SignalKind.MESSAGE, SignalKind.REPLY, SignalKind.ENDED, SignalKind.RATED, SignalKind.EVENT)
)
"""What is told of a merged case means the one that it was merged into."""

_CASE = select(cases).where(cases.c.id == bindparam("case"))
_DROP_SIGNAL = delete(case_signals).where(case_signals.c.id == bindparam("signal"))
_DROP_TIMER = delete(case_timers).where(
    case_timers.c.case_id == bindparam("case"), case_timers.c.timer == bindparam("name")
)
_LAST_EFFECT = select(func.max(case_effects.c.number)).where(case_effects.c.case_id == bindparam("case"))
_DROP_TAGS = delete(case_tags).where(case_tags.c.case_id == bindparam("case"))
_earlier = case_signals.alias("earlier")
_sooner = case_timers.alias("sooner")
# Of each case one row: a case to which much happened hides no other behind the limit.
_WAITING: Select[Any] = (
    select(case_signals.c.case_id, case_signals.c.at_ms)
    .where(
        case_signals.c.org_id == bindparam("org"),
        ~exists().where(_earlier.c.case_id == case_signals.c.case_id, _earlier.c.id < case_signals.c.id),
    )
    .order_by(case_signals.c.id)
    .limit(bindparam("most"))
)
_DUE: Select[Any] = (
    select(case_timers.c.case_id, case_timers.c.at_ms)
    .where(
        case_timers.c.org_id == bindparam("org"),
        case_timers.c.at_ms <= bindparam("now"),
        ~exists().where(
            _sooner.c.case_id == case_timers.c.case_id,
            or_(
                _sooner.c.at_ms < case_timers.c.at_ms,
                and_(_sooner.c.at_ms == case_timers.c.at_ms, _sooner.c.timer < case_timers.c.timer),
            ),
        ),
    )
    .order_by(case_timers.c.at_ms)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Deciding:
    """Where a decision is written: the transaction, who it is made for, when."""

    conn: Connection
    facts: CaseFacts
    actor_id: str
    new_id: NewId

    @property
    def case(self) -> Case:
        """Return the case as it was."""
        return self.facts.case

    def tell(self, kind: str, data: Mapping[str, object], *, asked: bool = False) -> CaseEvent:
        """Add a line to the case's history: of the actor where he ``asked`` for it, else of the engine."""
        event = add_event(
            self.conn,
            self.case,
            kind=kind,
            data=data,
            new_id=self.new_id,
            actor_id=self.actor_id if asked else "",
            now_ms=self.facts.now_ms,
        )
        if event is None:
            raise RuntimeError("a line of history without an id of the writer's own was there before")
        return event


def decide_case(
    conn: Connection,
    where: tuple[str, str],
    decide: Decide,
    *,
    actor_id: str,
    new_id: NewId,
    now_ms: int,
    of_merged: bool = False,
) -> Decided:
    """Decide on the case ``where`` (organisation, id); raise NotFound, and whatever ``decide`` raises.

    A merged case stays as it is: Conflict (``merged``) for whoever wants something of it; what is told of it is
    handed on. ``of_merged``: its merge is undone; signals wait for the clerk.
    """
    asked = decide if of_merged else _of_present(possible(conn, without_absent(conn, decide)), actor_id)
    facts, decision = claimed(conn, asked, lambda: read_facts(conn, *where, now_ms=now_ms))
    deciding = Deciding(conn=conn, facts=facts, actor_id=actor_id, new_id=new_id)
    if not of_merged:
        _drop_signals(deciding)
    events = _write_changes(deciding, decision)
    events += [deciding.tell(line.kind, line.data, asked=line.asked) for line in decision.lines]
    for milestone in decision.milestones:
        _write_milestone(deciding, milestone)
    _write_timers(deciding, decision.timers)
    for firing in decision.firings:
        _write_firing(deciding, firing)
    _write_effects(deciding, decision.effects)
    write_approvals(conn, facts, decision.approvals)
    for user_id in sorted(decision.add_followers - facts.followers):
        row = {"case_id": facts.case.id, "user_id": user_id, "org_id": facts.case.org_id, "since_ms": now_ms}
        insert_once(conn, case_followers, row)
    children = tuple(_open_child(deciding, wanted, decision.filing) for wanted in decision.children)
    written = decision.changes or decision.approvals
    now = first(conn, _CASE, {"case": facts.case.id}) if written else None
    case = facts.case if now is None else case_of(now)
    return Decided(case=case, decision=decision, events=tuple(events), children=children)


def _of_present(decide: Decide, actor_id: str) -> Decide:
    """Return the same function for cases that are not merged; others have nothing to decide."""

    def asked(facts: CaseFacts) -> CaseDecision:
        if not facts.case.merged_into:
            return decide(facts)
        if actor_id:
            raise merged_away(facts.case.merged_into)
        return CaseDecision(timers={})

    return asked


def attention(conn: Connection, org_id: str, *, now_ms: int, limit: int) -> list[tuple[str, int]]:
    """Return the cases that have signals or due timers with the time since when, oldest first."""
    values = {"org": org_id, "now": now_ms, "most": limit}
    found: dict[str, int] = {}
    for query in (_WAITING, _DUE):
        for row in every(conn, query, values):
            found[row.case_id] = min(row.at_ms, found.get(row.case_id, row.at_ms))
    return sorted(found.items(), key=lambda one: one[1])[:limit]


def _drop_signals(deciding: Deciding) -> None:
    for signal in deciding.facts.signals:
        if deciding.case.merged_into and signal.kind.value in CARRIED:
            change(deciding.conn, case_signals, {"id": signal.id}, {"case_id": deciding.case.merged_into})
            continue
        run(deciding.conn, _DROP_SIGNAL, {"signal": signal.id})


def _write_changes(deciding: Deciding, decision: CaseDecision) -> list[CaseEvent]:
    """Write changed fields, each with its line of history in the order decided."""
    case, events = deciding.case, []
    now: dict[str, object] = {}
    for one in decision.changes:
        if one.field not in CHANGEABLE:
            raise InvalidInput(f"a case's {one.field!r} cannot be changed", mend=f"Known: {', '.join(CHANGEABLE)}.")
        before = now.get(one.field, getattr(case, one.field))
        if one.to == before:
            continue
        now[one.field] = one.to
        data: dict[str, object] = {"from": before, "to": one.to, **({"why": one.why} if one.why else {})}
        if one.field == "fields":
            events += _tell_fields(deciding, one, before)
        elif one.field not in SILENT:
            events.append(deciding.tell(EVENT_KINDS.get(one.field, one.field), data, asked=one.asked))
    if now:
        check_references(deciding.conn, case, now)
        write_changes(deciding.conn, case, _columns(deciding, now), deciding.facts.now_ms)
        tell_of_claim(deciding.conn, case, now, new_id=deciding.new_id, now_ms=deciding.facts.now_ms)
        if "tags" in now:
            run(deciding.conn, _DROP_TAGS, {"case": case.id})
            write_tags(deciding.conn, case, now["tags"])  # type: ignore[arg-type]  # a tuple of text, as on the case
    return events


def _tell_fields(deciding: Deciding, one: Change, before: object) -> list[CaseEvent]:
    """Tell of each custom field by itself."""
    old, new = cast("Mapping[str, object]", before), cast("Mapping[str, object]", one.to)
    events = []
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            data = {"field": key, "from": old.get(key), "to": new.get(key), **({"why": one.why} if one.why else {})}
            events.append(deciding.tell("fields", data, asked=one.asked))
    return events


def _columns(deciding: Deciding, now: Mapping[str, object]) -> dict[str, object]:
    """Return the columns of changed fields, and of what follows from them; few different sets of them."""
    case = deciding.case
    columns = {name: now[name] for name in sorted(now)}
    for name in {"fields", "tags", "skills"} & set(now):
        columns[name] = dump(now[name])  # type: ignore[arg-type]  # a mapping or a tuple, as on the case
    if "routed" in now:
        columns["routed"] = int(bool(now["routed"]))
    if "subject" in now:
        columns["search"] = search_text(case.number, str(now["subject"]))
    return columns


def _write_milestone(deciding: Deciding, milestone: Milestone) -> None:
    values = {
        "plan": milestone.plan,
        "hours": milestone.hours,
        "target_ms": milestone.target_ms,
        "state": milestone.state.value,
        "started_ms": milestone.started_ms,
        "used_ms": milestone.used_ms,
        "running_since_ms": milestone.running_since_ms,
        "due_ms": milestone.due_ms,
        "met_ms": milestone.met_ms,
        "missed_ms": milestone.missed_ms,
    }
    name = {"case_id": deciding.case.id, "milestone": milestone.key, "occurrence": milestone.occurrence}
    row = {"id": milestone.id, "org_id": deciding.case.org_id, **name, **values}
    if not insert_once(deciding.conn, milestones, row):
        change(deciding.conn, milestones, name, values)


def _write_timers(deciding: Deciding, timers: Mapping[str, int] | None) -> None:
    """Let ``timers`` be the case's timers; only what differs is written."""
    if timers is None:
        return
    conn, before, case = deciding.conn, deciding.facts.timers, deciding.case
    for name in before.keys() - timers.keys():
        run(conn, _DROP_TIMER, {"case": case.id, "name": name})
    for name, at_ms in timers.items():
        if name not in before:
            insert(conn, case_timers, {"case_id": case.id, "timer": name, "org_id": case.org_id, "at_ms": at_ms})
        elif before[name] != at_ms:
            change(conn, case_timers, {"case_id": case.id, "timer": name}, {"at_ms": at_ms})


def _write_firing(deciding: Deciding, firing: Firing) -> None:
    row = {
        "case_id": deciding.case.id,
        "step": firing.step,
        "occurrence": firing.occurrence,
        "org_id": deciding.case.org_id,
        "due_ms": firing.due_ms,
        "at_ms": firing.at_ms or deciding.facts.now_ms,
        "why": dump(firing.why),
    }
    if not insert_once(deciding.conn, firings, row):
        # All firings were among the facts: whoever decides this would do everything else of the step twice.
        raise RuntimeError(f"step {firing.step} was taken before")


def _write_effects(deciding: Deciding, effects: tuple[Effect, ...]) -> None:
    if effects:
        before: int = scalar(deciding.conn, _LAST_EFFECT, {"case": deciding.case.id}) or 0
        for number, effect in enumerate(effects, before + 1):
            _write_effect(deciding, effect, number)


def _write_effect(deciding: Deciding, effect: Effect, number: int) -> None:
    now_ms = deciding.facts.now_ms
    row = {
        "id": effect.id,
        "org_id": deciding.case.org_id,
        "case_id": deciding.case.id,
        "number": number,
        "kind": effect.kind.value,
        "data": dump(effect.data),
        "created_ms": now_ms,
        "attempts": 0,
        "next_try_ms": now_ms,
        "done_ms": 0,
        "fault": "",
    }
    insert(deciding.conn, case_effects, row)


def _open_child(deciding: Deciding, wanted: Mapping[str, Any], filing: Filing) -> Case:
    """Open a case under this one: whose it is comes from here, what it is about from ``wanted``."""
    parent = deciding.case
    new = NewCase(
        org_id=parent.org_id,
        subject=wanted.get("subject") or parent.subject,
        contact_id=parent.contact_id,
        account_id=parent.account_id,
        parent_id=parent.id,
        interaction_id="",
        queue=wanted.get("queue", ""),
        priority=wanted.get("priority", parent.priority),
        origin=parent.origin,
        topic=parent.topic,
        owner_id=wanted.get("owner_id", ""),
        description=wanted.get("description", ""),
        type=wanted.get("type", ""),
        team=wanted.get("team", ""),
        filing=filing,
    )
    child = open_case(deciding.conn, new, new_id=deciding.new_id, actor_id="", now_ms=deciding.facts.now_ms)
    deciding.tell("child", {"case_id": child.id, "number": child.number})
    return child
