"""What was promised of a case, and when: a step of the planner. Pure.

What happened (signals, each with its own time, and the status that the case is given now) is put in the order of time
and played through the clocks; then every outstanding milestone is brought in step with what is promised at present,
and what is due by now is missed. Nothing depends on when the clerk came by: signals that come late have their own time.

- A milestone starts at its moments while the case is not over, unless it is outstanding already; it is met by the first
  of its moments since. What both meets and starts it does so in this order.
- A case that is over (resolved or closed) promises nothing more: what it did not meet is cancelled.
- A promise that comes later (another queue, a contract that was found) starts what starts with the opening from then
  on; of a case that somebody has begun on, only what its end meets: whether it was answered before is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.cases.draft import CaseRules, Draft
from engine.cases.milestone_book import MilestoneBook
from engine.model.case_setup import OVER, CaseStatus, CaseStatusKind, kind_of
from engine.model.casework import Change, SignalKind

MOMENTS = {
    SignalKind.OPENED: "opened",
    SignalKind.MESSAGE: "customer_message",
    SignalKind.REPLY: "reply",
    SignalKind.ACCEPTED: "accepted",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Happening:
    """Something that clocks listen to."""

    at_ms: int
    moments: frozenset[str]
    status: str = ""  # the case's from then on; "" = as before


def milestones(draft: Draft, rules: CaseRules) -> Draft:
    """Start, stop, meet, miss and retarget the case's milestones; set their timers, tell its history."""
    draft = _with_plan(draft, rules)
    if not draft.case.plan and not draft.milestones:
        return draft
    book = MilestoneBook(draft, rules, status=draft.facts.case.status)
    for one in sorted(_happenings(draft, rules), key=lambda one: one.at_ms):
        book.happen(one.at_ms, one.moments, status=one.status)
    if draft.changed("plan") and not draft.signalled(SignalKind.OPENED):
        book.begin(draft.now_ms)
    return book.written()


def milestones_again(draft: Draft, rules: CaseRules) -> Draft:
    """Bring the milestones in step with what later steps changed: priority, plan, queue, status. Idempotent."""
    if draft.case is draft.facts.case:
        return draft
    plan_before = draft.case.plan
    draft = _with_plan(draft, rules)
    if not draft.case.plan and not draft.milestones:
        return draft
    statuses, status = rules.organisation.case_statuses, draft.case.status
    book = MilestoneBook(draft, rules, status=status)
    book.happen(draft.now_ms, _moments_of(statuses, status, before=CaseStatusKind.NEW), status=status, starts=False)
    if draft.case.plan != plan_before:
        book.begin(draft.now_ms)
    return book.written()


def _with_plan(draft: Draft, rules: CaseRules) -> Draft:
    """Let the queue's plan be in force, unless an entitlement or a person said otherwise."""
    case, organisation = draft.case, rules.organisation
    by_hand = any(change.field == "plan" and change.asked for change in draft.decision.changes)
    known = case.plan in organisation.plans
    if by_hand or (case.entitlement_id and known):
        return draft
    moved = draft.changed("queue") or draft.changed("entitlement_id") or bool(draft.signalled(SignalKind.OPENED))
    if known and not moved:
        return draft
    queue = organisation.queues.get(case.queue)
    plan = queue.plan if queue is not None and queue.plan in organisation.plans else ""
    return draft.with_change("plan", plan, why="queue")


def _happenings(draft: Draft, rules: CaseRules) -> Iterator[_Happening]:
    """Yield what happened; what is of one moment stays in this order when it is sorted by time."""
    yield from (one for one in _of_statuses(draft, rules) if one.at_ms < draft.now_ms)
    for signal in draft.signals:
        named = f"event:{signal.data.get('name', '')}" if signal.kind is SignalKind.EVENT else MOMENTS.get(signal.kind)
        if named == "opened":
            yield _Happening(at_ms=signal.at_ms, moments=frozenset({named, f"status:{draft.facts.case.status}"}))
        elif named:
            yield _Happening(at_ms=signal.at_ms, moments=frozenset({named}))
    yield from (one for one in _of_statuses(draft, rules) if one.at_ms >= draft.now_ms)


def _of_statuses(draft: Draft, rules: CaseRules) -> Iterator[_Happening]:
    """Yield each change of the status, as of now; what the customer's message reopened, as of that message."""
    statuses, status = rules.organisation.case_statuses, draft.facts.case.status
    for change in draft.decision.changes:
        if change.field == "status":
            before, status = kind_of(statuses, status), str(change.to)
            reopened = before in OVER and kind_of(statuses, status) not in OVER
            at_ms = _message_ms(draft, change) if reopened else draft.now_ms
            yield _Happening(at_ms=at_ms, moments=_moments_of(statuses, status, before=before), status=status)


def _message_ms(draft: Draft, change: Change) -> int:
    said = () if change.asked else draft.signalled(SignalKind.MESSAGE)
    return min((one.at_ms for one in said), default=draft.now_ms)


def _moments_of(statuses: Mapping[str, CaseStatus], status: str, *, before: CaseStatusKind) -> frozenset[str]:
    """Return what it means that a case gets a status: closing an open case resolves it, too."""
    kind = kind_of(statuses, status)
    moments = {f"status:{status}"}
    if kind is CaseStatusKind.CLOSED:
        moments |= {"closed", "resolved"}
    elif kind is CaseStatusKind.RESOLVED:
        moments.add("resolved")
    elif before in OVER:
        moments.add("reopened")
    return frozenset(moments)
