"""A decision in the making: the facts and what the steps so far have decided. Immutable; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from engine.ids import NewId
from engine.model.approval import Approval, ApprovalState
from engine.model.case import Case
from engine.model.case_setup import BUILT_IN_STATUSES, CaseStatus, CaseStatusKind, Filing, kind_of
from engine.model.casework import (
    CaseDecision,
    CaseFacts,
    Change,
    Effect,
    EffectKind,
    Firing,
    HistoryLine,
    Milestone,
    Signal,
    SignalKind,
)
from engine.model.organisation import Organisation


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseRules:
    """What the steps decide by: the configuration in force, and where new ids come from."""

    organisation: Organisation
    new_id: NewId


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The facts, and the decision so far."""

    facts: CaseFacts
    case: Case  # with the changes so far
    decision: CaseDecision
    timers: Mapping[str, int] = field(default_factory=dict)  # name → due (ms), of the future
    statuses: Mapping[str, CaseStatus] = field(default_factory=lambda: BUILT_IN_STATUSES)

    @property
    def now_ms(self) -> int:
        """Return the time of the decision."""
        return self.facts.now_ms

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Return what happened, oldest first."""
        return self.facts.signals

    def signalled(self, kind: SignalKind) -> tuple[Signal, ...]:
        """Return what happened of one kind, oldest first."""
        return tuple(one for one in self.facts.signals if one.kind is kind)

    @property
    def due(self) -> Mapping[str, int]:
        """Return the timers that are due; they are gone with this decision unless a step sets them anew."""
        return {name: at_ms for name, at_ms in self.facts.timers.items() if at_ms <= self.now_ms}

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """Return the case's milestones as decided so far."""
        now = {(one.key, one.occurrence): one for one in (*self.facts.milestones, *self.decision.milestones)}
        return tuple(now.values())

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """Return the approvals that wait, as decided so far."""
        now = {one.id: one for one in (*self.facts.approvals, *self.decision.approvals)}
        return tuple(one for one in now.values() if one.state is ApprovalState.WAITING)

    @property
    def kind(self) -> CaseStatusKind:
        """Return what the case's status means."""
        return kind_of(self.statuses, self.case.status)

    @property
    def refunded(self) -> bool:
        """Say whether the case's status gives back the use of its entitlement."""
        status = self.statuses.get(self.case.status)
        return status is not None and status.refunds_use

    @property
    def kind_before(self) -> CaseStatusKind:
        """Return what the case's status meant before the decision."""
        return kind_of(self.statuses, self.facts.case.status)

    def changed(self, name: str) -> bool:
        """Say whether a field differs from what it was."""
        return bool(getattr(self.case, name) != getattr(self.facts.case, name))

    def fired(self, step: str, occurrence: int) -> bool:
        """Say whether a step of an escalation was taken already, or is by this decision."""
        taken = (*self.facts.firings, *self.decision.firings)
        return any((one.step, one.occurrence) == (step, occurrence) for one in taken)

    def with_change(self, name: str, to: object, *, why: str = "", asked: bool = False) -> Draft:
        """Change a field; nothing where it is so already. ``asked``: by a person, not by a rule."""
        if getattr(self.case, name) == to:
            return self
        changes = (*self.decision.changes, Change(field=name, to=to, why=why, asked=asked))
        return replace(
            self,
            case=replace(self.case, **cast("Any", {name: to})),
            decision=replace(self.decision, changes=changes),
        )

    def with_line(self, kind: str, **data: object) -> Draft:
        """Add a line to the case's history."""
        return self.with_told(HistoryLine(kind=kind, data=data))

    def with_told(self, line: HistoryLine) -> Draft:
        """Add a line to the case's history."""
        return replace(self, decision=replace(self.decision, lines=(*self.decision.lines, line)))

    def with_milestones(self, *milestones: Milestone) -> Draft:
        """Let the milestones of these names (key, occurrence) be as given."""
        new = {(one.key, one.occurrence): one for one in (*self.decision.milestones, *milestones)}
        return replace(self, decision=replace(self.decision, milestones=tuple(new.values())))

    def with_approval(self, approval: Approval) -> Draft:
        """Let the approval of this id be as given."""
        new = {one.id: one for one in (*self.decision.approvals, approval)}
        return replace(self, decision=replace(self.decision, approvals=tuple(new.values())))

    def with_timers(self, kind: str, timers: Mapping[str, int]) -> Draft:
        """Let ``timers`` (name → due) be all timers of this kind, which stands before their names: ``kind:name``."""
        others = {name: at_ms for name, at_ms in self.timers.items() if not name.startswith(f"{kind}:")}
        return replace(self, timers={**others, **{f"{kind}:{name}": at_ms for name, at_ms in timers.items()}})

    def timers_of(self, kind: str) -> Mapping[str, int]:
        """Return the timers of this kind, by their names."""
        head = f"{kind}:"
        return {name.removeprefix(head): at_ms for name, at_ms in self.timers.items() if name.startswith(head)}

    def with_firing(self, firing: Firing) -> Draft:
        """Take a step of an escalation; ask ``fired`` first, a second time refuses the decision."""
        firings = (*self.decision.firings, firing)
        return replace(self, decision=replace(self.decision, firings=firings))

    def with_effect(self, effect: Effect) -> Draft:
        """Do something outside the record after the commit."""
        return replace(self, decision=replace(self.decision, effects=(*self.decision.effects, effect)))

    def with_new_effect(self, kind: EffectKind, rules: CaseRules, **data: object) -> Draft:
        """Do something outside the record after the commit, under a new id."""
        return self.with_effect(Effect(id=rules.new_id(), kind=kind, data=data))

    def with_followers(self, *user_ids: str) -> Draft:
        """Let users follow the case."""
        followers = self.decision.add_followers | frozenset(user_ids)
        return replace(self, decision=replace(self.decision, add_followers=followers))

    def with_child(self, **wanted: object) -> Draft:
        """Open a case under this one: subject, queue, priority, type, description, owner_id, team."""
        return replace(self, decision=replace(self.decision, children=(*self.decision.children, wanted)))

    def finished(self, filing: Filing | None = None) -> CaseDecision:
        """Return the decision with its timers; ``filing``: how cases that it opens begin."""
        return replace(self.decision, timers=self.timers, filing=filing or Filing())


Step = Callable[[Draft, CaseRules], Draft]
"""One concern of a decision. Pure; called with what the steps before it decided."""


def begin(facts: CaseFacts, statuses: Mapping[str, CaseStatus] = BUILT_IN_STATUSES) -> Draft:
    """Begin a decision: nothing changes, and timers that are due are no more.

    What was told has happened, whatever the clock of the process says that wrote it: a signal from the future would
    begin ladders that wait for their moment, and are forgotten when something else is decided before it.
    """
    told = tuple(replace(one, at_ms=min(one.at_ms, facts.now_ms)) for one in facts.signals)
    facts = replace(facts, signals=told) if told != facts.signals else facts
    later = {name: at_ms for name, at_ms in facts.timers.items() if at_ms > facts.now_ms}
    return Draft(facts=facts, case=facts.case, decision=CaseDecision(), timers=later, statuses=statuses)
