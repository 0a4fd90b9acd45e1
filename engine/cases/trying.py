"""Trying automation rules: what would they do if something happened to a case? By the code that does it; pure.

The case may be one that there is or one made up; what happens is made up. Nothing is written, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.cases.automation import Automated, automated, changed_fields
from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules, Draft, Step, begin
from engine.cases.occasions import MERGED
from engine.cases.planner import BEFORE_RULES
from engine.cases.standing import standing, taken_up
from engine.errors import InvalidInput
from engine.model.automation import OccasionKind
from engine.model.case import Case
from engine.model.case_setup import CaseStatusKind, first_of
from engine.model.casework import CaseFacts, Firing, Milestone, MilestoneState, Signal, SignalKind
from engine.model.customer import Contact

NAMED = frozenset(
    {OccasionKind.EVENT, OccasionKind.ESCALATED, OccasionKind.MILESTONE_MET, OccasionKind.MILESTONE_MISSED}
)
"""Occasions that need a name."""

_SIGNALS: Mapping[OccasionKind, SignalKind] = {
    OccasionKind.OPENED: SignalKind.OPENED,
    OccasionKind.MESSAGE: SignalKind.MESSAGE,
    OccasionKind.REPLY: SignalKind.REPLY,
    OccasionKind.ACCEPTED: SignalKind.ACCEPTED,
    OccasionKind.ENDED: SignalKind.ENDED,
    OccasionKind.EVENT: SignalKind.EVENT,
}
_STATUSES: Mapping[OccasionKind, CaseStatusKind] = {
    OccasionKind.RESOLVED: CaseStatusKind.RESOLVED,
    OccasionKind.CLOSED: CaseStatusKind.CLOSED,
    OccasionKind.REOPENED: CaseStatusKind.OPEN,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Imagined:
    """Something that might happen to a case."""

    kind: OccasionKind
    name: str = ""  # of the event, milestone, rule set
    text: str = ""  # that the customer, or an agent, wrote
    changes: Mapping[str, object] = field(default_factory=dict)  # that a person makes
    rating: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeUp:
    """A case that there is not; what is empty it has not."""

    fields: Mapping[str, object] = field(default_factory=dict)  # of the case, as a change names them
    status: str = ""  # "" = the first one
    origin: str = ""
    tier: str = ""  # of its contact
    language: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """What the rules would do."""

    automated: Automated
    changes: Sequence[Mapping[str, object]]  # field, from, to: by rules only
    effects: Sequence[str]  # kinds
    children: Sequence[str]  # subjects


def tried(facts: CaseFacts, imagined: Imagined, rules: CaseRules) -> Tried:
    """Return what the rules would do on the occasion, and why the others would not.

    Raises InvalidInput, Conflict where what is imagined cannot happen to the case.
    """
    if imagined.kind in NAMED and not imagined.name:
        raise InvalidInput(f"What is {imagined.kind.value} needs a name.", field="name")
    told = replace(facts, signals=_signals(facts, imagined), timers={})
    draft = begin(told, rules.organisation.case_statuses)
    for step in (_wished(imagined), taken_up, standing, *BEFORE_RULES, _happened(imagined)):
        draft = step(draft, rules)
    after = automated(draft, rules)
    decided = after.draft.decision
    return Tried(
        automated=after,
        changes=changed_fields(draft, after.draft),
        effects=[one.kind.value for one in decided.effects[len(draft.decision.effects) :]],
        children=[str(one.get("subject", "")) for one in decided.children[len(draft.decision.children) :]],
    )


def made_up(case: MadeUp, rules: CaseRules, *, now_ms: int) -> CaseFacts:
    """Return the facts of a case that there is not; raise InvalidInput with the field that does not fit."""
    organisation = rules.organisation
    status = case.status or first_of(organisation.case_statuses, CaseStatusKind.NEW)
    if status not in organisation.case_statuses:
        known = ", ".join(organisation.case_statuses)
        raise InvalidInput(f"{status!r} is no status of cases.", field="status", mend=f"Known: {known}.")
    bare = Case(
        id="", org_id=organisation.id, number=0, subject="", contact_id="", status=status, origin=case.origin,
        opened_ms=now_ms, updated_ms=now_ms,
    )  # fmt: skip
    draft = begin(CaseFacts(case=bare, now_ms=now_ms), organisation.case_statuses)
    filled = wanted(Wish(changes=case.fields))(draft, rules).case
    contact = Contact(id="", org_id=organisation.id, name="", tier=case.tier, language=case.language)
    return CaseFacts(case=filled, now_ms=now_ms, contact=contact)


def _signals(facts: CaseFacts, imagined: Imagined) -> tuple[Signal, ...]:
    kind = _SIGNALS.get(imagined.kind)
    if kind is None:
        return ()
    data = {"text": imagined.text, "name": imagined.name}
    case = facts.case
    return (Signal(id="tried", org_id=case.org_id, case_id=case.id, kind=kind, at_ms=facts.now_ms, data=data),)


def _wished(imagined: Imagined) -> Step:
    """Return the step by which a person does what is imagined, if it is something that a person does."""

    def step(draft: Draft, rules: CaseRules) -> Draft:
        changes = dict(imagined.changes)
        if imagined.kind is OccasionKind.CHANGED and not changes:
            raise InvalidInput("Say what is changed.", field="changes")
        if imagined.kind is OccasionKind.RATED:
            changes["rating"] = imagined.rating or 1
        kind = _STATUSES.get(imagined.kind)
        if kind is not None:
            changes["status"] = first_of(rules.organisation.case_statuses, kind)
        return wanted(Wish(changes=changes))(draft, rules)

    return step


def _happened(imagined: Imagined) -> Step:
    """Return the step after which a milestone was met or missed, an escalation's step taken, or a case merged."""

    def step(draft: Draft, _rules: CaseRules) -> Draft:
        do = _HAPPENINGS.get(imagined.kind)
        return draft if do is None else do(draft, imagined.name)

    return step


def _escalated(draft: Draft, name: str) -> Draft:
    firing = Firing(case_id=draft.case.id, step=f"{name}/1", occurrence=0, due_ms=draft.now_ms, at_ms=draft.now_ms)
    return draft.with_firing(firing)


def met(draft: Draft, name: str) -> Draft:
    """Let a further occurrence of a milestone be met."""
    return draft.with_milestones(replace(_milestone(draft, name), state=MilestoneState.MET, met_ms=draft.now_ms))


def missed(draft: Draft, name: str) -> Draft:
    """Let a further occurrence of a milestone be missed."""
    return draft.with_milestones(replace(_milestone(draft, name), missed_ms=draft.now_ms))


def _milestone(draft: Draft, name: str) -> Milestone:
    """Return a further occurrence of a milestone, due now."""
    last = max((one.occurrence for one in draft.milestones if one.key == name), default=0)
    return Milestone(
        id="", case_id=draft.case.id, key=name, occurrence=last + 1, plan=draft.case.plan, hours="", target_ms=0,
        state=MilestoneState.CANCELLED, started_ms=draft.now_ms,
    )  # fmt: skip


def _merged(draft: Draft, name: str) -> Draft:
    return draft.with_line(MERGED, case_id=name or "another")


_HAPPENINGS: Mapping[OccasionKind, Callable[[Draft, str], Draft]] = {
    OccasionKind.ESCALATED: _escalated,
    OccasionKind.MILESTONE_MET: met,
    OccasionKind.MILESTONE_MISSED: missed,
    OccasionKind.MERGED: _merged,
}
