"""What automation rules can hear of in a decision: everything that happened to its case, in one order. Pure.

First what was told (signals, oldest first), then a case that became part of it, then what was decided so far: changes
in their order, each with what it means for the case's status, then milestones that were met or missed, then steps of
escalations. What a decision does further comes behind, so that an occasion keeps its place and its id while the
decision is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from engine.cases.draft import Draft
from engine.model.automation import RULE_WHY, WATCHED, By, OccasionKind, On
from engine.model.case_setup import OVER, CaseStatusKind, kind_of
from engine.model.casework import Change, Milestone, MilestoneState, SignalKind
from engine.model.escalation import BEGUN, STOPPED
from engine.skills.conditions import LONGEST_SEEN

_TOLD: Mapping[SignalKind, OccasionKind] = {
    SignalKind.OPENED: OccasionKind.OPENED,
    SignalKind.MESSAGE: OccasionKind.MESSAGE,
    SignalKind.REPLY: OccasionKind.REPLY,
    SignalKind.ACCEPTED: OccasionKind.ACCEPTED,
    SignalKind.ENDED: OccasionKind.ENDED,
    SignalKind.RATED: OccasionKind.RATED,
    SignalKind.EVENT: OccasionKind.EVENT,
}
MERGED = "merged"
"""The line of the history by which a case tells that another became part of it (``case_id``), or it of another."""
_NAMES: Mapping[str, str] = {of_case: name for name, of_case in WATCHED.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """One thing that happened to the case."""

    id: str  # unique within the decision
    kind: OccasionKind
    name: str = ""  # of the field, milestone, rule set, event
    by: By = By.ENGINE  # of a change
    seen: Mapping[str, object] = field(default_factory=dict)  # what else is to be told of it

    def told(self) -> dict[str, object]:
        """Return it for the history and the dry run."""
        by = {"by": self.by.value} if self.kind is OccasionKind.CHANGED else {}
        return {"kind": self.kind.value, **({"name": self.name} if self.name else {}), **by, **self.seen}


def hears(on: On, occasion: Occasion) -> bool:
    """Say whether ``on`` means this occasion; the field ``fields`` means any custom field."""
    if on.kind is not occasion.kind:
        return False
    if on.names and not on.names & {occasion.name, occasion.name.partition(".")[0]}:
        return False
    return on.kind is not OccasionKind.CHANGED or on.by in (By.ANYONE, occasion.by)


def occasions(draft: Draft) -> tuple[Occasion, ...]:
    """Return everything that happened so far, in order; each keeps its id in the drafts that follow."""
    return (*_told(draft), *_merged(draft), *_changed(draft), *_milestones(draft), *_escalated(draft))


def _told(draft: Draft) -> Iterator[Occasion]:
    for signal in draft.signals:
        kind = _TOLD.get(signal.kind)
        if kind is not None:
            name = str(signal.data.get("name", "")) if kind is OccasionKind.EVENT else ""
            yield Occasion(id=f"signal/{signal.id}", kind=kind, name=name)


def _merged(draft: Draft) -> Iterator[Occasion]:
    """Yield the case that becomes part of this one: who merges tells so before anything else is decided."""
    for line in draft.decision.lines:
        lost_id = line.data.get("case_id")
        if line.kind == MERGED and lost_id:
            yield Occasion(id=f"{MERGED}/{lost_id}", kind=OccasionKind.MERGED, seen=dict(line.data))


def _changed(draft: Draft) -> Iterator[Occasion]:
    now: dict[str, object] = {}
    for number, change in enumerate(draft.decision.changes):
        was = now.get(change.field, getattr(draft.facts.case, change.field))
        now[change.field] = change.to
        yield from _of_change(draft, f"change/{number}", change, was)


def _of_change(draft: Draft, place: str, change: Change, was: object) -> Iterator[Occasion]:
    by = _by(change)
    if change.field == "fields":
        old, new = cast("Mapping[str, object]", was), cast("Mapping[str, object]", change.to)
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                seen = {"from": _short(old.get(key)), "to": _short(new.get(key))}
                yield Occasion(id=f"{place}/{key}", kind=OccasionKind.CHANGED, name=f"fields.{key}", by=by, seen=seen)
        return
    name = _NAMES.get(change.field)
    if name is None:
        return
    seen = {"from": _short(was), "to": _short(change.to)}
    yield Occasion(id=place, kind=OccasionKind.CHANGED, name=name, by=by, seen=seen)
    if name == "status":
        yield from _of_status(draft, place, str(was), str(change.to))
    if name == "rating" and change.to:
        yield Occasion(id=f"{place}/rated", kind=OccasionKind.RATED, seen={"rating": change.to})


def _short(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value[:LONGEST_SEEN] if isinstance(value, str) else value


def _by(change: Change) -> By:
    if change.asked:
        return By.PERSON
    return By.RULE if change.why.startswith(RULE_WHY) else By.ENGINE


def _of_status(draft: Draft, place: str, was: str, to: str) -> Iterator[Occasion]:
    before, now = kind_of(draft.statuses, was), kind_of(draft.statuses, to)
    if now in OVER and before not in OVER:
        yield Occasion(id=f"{place}/resolved", kind=OccasionKind.RESOLVED)
    if now is CaseStatusKind.CLOSED and before is not now:
        yield Occasion(id=f"{place}/closed", kind=OccasionKind.CLOSED)
    if before in OVER and now not in OVER:
        yield Occasion(id=f"{place}/reopened", kind=OccasionKind.REOPENED)


def _milestones(draft: Draft) -> Iterator[Occasion]:
    before = {(one.key, one.occurrence): one for one in draft.facts.milestones}
    for one in draft.decision.milestones:
        was = before.get((one.key, one.occurrence))
        if one.missed_ms and not (was and was.missed_ms):
            yield _of_milestone(one, OccasionKind.MILESTONE_MISSED)
        if one.state is MilestoneState.MET and not (was and was.state is MilestoneState.MET):
            yield _of_milestone(one, OccasionKind.MILESTONE_MET)


def _of_milestone(one: Milestone, kind: OccasionKind) -> Occasion:
    place = f"{kind.value}/{one.key}/{one.occurrence}"
    return Occasion(id=place, kind=kind, name=one.key, seen={"occurrence": one.occurrence})


def _escalated(draft: Draft) -> Iterator[Occasion]:
    for firing in draft.decision.firings:
        rule_set, _, step = firing.step.partition("/")
        if step and ":" not in rule_set and step not in (BEGUN, STOPPED):
            seen = {"step": step, "occurrence": firing.occurrence}
            place = f"escalated/{firing.step}/{firing.occurrence}"
            yield Occasion(id=place, kind=OccasionKind.ESCALATED, name=rule_set, seen=seen)
