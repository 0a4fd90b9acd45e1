"""The milestones of one case while a decision is made: what happens is played through them in the order of time.

Lives for one call of a pure step, and keeps what changed and what is to be told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.cases import clocks
from engine.cases.clocks import OUTSTANDING, Promise
from engine.cases.draft import CaseRules, Draft
from engine.model.case_setup import OVER, CaseStatusKind, kind_of
from engine.model.casework import Milestone, MilestoneState, SignalKind
from engine.model.plan import MilestoneRule
from engine.skills import hours
from engine.skills.business_time import Calendar

TIMERS = "milestone"
ENDS = frozenset({"resolved", "closed"})


class MilestoneBook:
    """Play happenings through the clocks of a case."""

    def __init__(self, draft: Draft, rules: CaseRules, *, status: str) -> None:
        self._draft = draft
        self._rules = rules
        self._organisation = rules.organisation
        self._status = status
        # Until now the case had the promise that it had; a new one has that which it is given with its opening.
        self._by = draft.case if draft.signalled(SignalKind.OPENED) else draft.facts.case
        self._before = {(one.key, one.occurrence): one for one in draft.milestones}
        self._now = dict(self._before)
        self._lines: list[tuple[str, dict[str, object]]] = []

    def happen(self, at_ms: int, moments: frozenset[str], *, status: str = "", starts: bool = True) -> None:
        """Let ``moments`` happen, and the case have ``status`` from then on. Call in the order of time."""
        for one in tuple(self._outstanding()):
            self._keep(clocks.looked_at(one, at_ms - 1), "missed", at_ms)
        self._meet(at_ms, moments)
        if status:
            self._status = status
            self._stop_and_go(at_ms)
        if starts and not self._over():
            for key in self._promised():
                rule = self._rule(key)
                if rule and moments & rule.starts:
                    self._start(key, at_ms)

    def begin(self, at_ms: int) -> None:
        """Start at ``at_ms`` what starts with the opening: the promise came later."""
        self._by = self._draft.case
        fresh = self._kind() is CaseStatusKind.NEW
        for key in () if self._over() else self._promised():
            rule, last = self._rule(key), self._last(key)
            kept = last is not None and last.state is MilestoneState.MET
            if rule and "opened" in rule.starts and not kept and (fresh or rule.met_by & ENDS):
                self._start(key, at_ms)

    def written(self) -> Draft:
        """Bring all in step with what is promised now; return the draft with milestones, timers and history."""
        now_ms, self._by = self._draft.now_ms, self._draft.case
        for one in tuple(self._outstanding()):
            promise = self._promise(one.key)
            if promise is None or self._draft.case.merged_into:
                self._keep(clocks.cancelled(one, self._calendar(one), now_ms), "cancelled", now_ms)
                continue
            looked = self._keep(clocks.looked_at(one, now_ms), "missed", now_ms)
            self._keep(clocks.retargeted(looked, promise, self._calendar(one), now_ms), "retargeted", now_ms)
        draft = self._draft.with_milestones(*(one for name, one in self._now.items() if one != self._before.get(name)))
        for kind, data in self._lines:
            draft = draft.with_line(kind, **data)
        return draft.with_timers(TIMERS, self._timers())

    def _timers(self) -> dict[str, int]:
        return {
            f"{one.key}:{one.occurrence}": one.due_ms
            for one in self._outstanding()
            if one.due_ms > self._draft.now_ms and not one.missed_ms
        }

    def _meet(self, at_ms: int, moments: frozenset[str]) -> None:
        for key in {key for key, _ in self._now}:
            one, rule = self._last(key), self._rule(key)
            if one is None or rule is None or one.started_ms > at_ms or not moments & rule.met_by:
                continue
            sooner = one.state is MilestoneState.MET and at_ms < one.met_ms
            if one.state in OUTSTANDING or sooner:
                self._keep(clocks.met(one, self._calendar(one), at_ms), "met", at_ms)

    def _stop_and_go(self, at_ms: int) -> None:
        over = self._over()
        for one in tuple(self._outstanding()):
            calendar = self._calendar(one)
            if over:
                self._keep(clocks.cancelled(one, calendar, at_ms), "cancelled", at_ms)
            elif self._stands_still(one.key):
                self._keep(clocks.paused(one, calendar, at_ms), "paused", at_ms)
            else:
                self._keep(clocks.resumed(one, calendar, at_ms), "resumed", at_ms)

    def _start(self, key: str, at_ms: int) -> None:
        promise, last, rule = self._promise(key), self._last(key), self._rule(key)
        if promise is None or rule is None or not self._may_start(rule, last, at_ms):
            return
        name = (key, last.occurrence + 1 if last else 1)
        one = clocks.started(self._draft.case.id, name, promise, new_id=self._rules.new_id, at_ms=at_ms)
        if not self._stands_still(key):
            one = clocks.resumed(one, promise.calendar, at_ms)
        self._keep(one, "started", at_ms)

    def _may_start(self, rule: MilestoneRule, last: Milestone | None, at_ms: int) -> bool:
        """Say whether a new occurrence may start: none is outstanding, and what happened is not settled already."""
        if last is not None:
            settled_ms = last.met_ms if last.state is MilestoneState.MET else last.started_ms + 1
            if last.state in OUTSTANDING or at_ms < settled_ms:
                return False
            if last.state is MilestoneState.MET and not rule.repeats:
                return False
        earlier = self._last(rule.after) if rule.after else None
        if earlier is None:
            return True
        return earlier.state not in OUTSTANDING and earlier.met_ms <= at_ms

    def _keep(self, one: Milestone, what: str, at_ms: int) -> Milestone:
        """Note how a milestone is now, and tell it where that differs from before; return it."""
        name = (one.key, one.occurrence)
        before = self._now.get(name)
        if one != before:
            self._now[name] = one
            line = _line(one, before, at_ms)
            if what != "missed" and one.missed_ms and before is not None and not before.missed_ms:
                self._lines.append(("milestone_missed", line))
            self._lines.append((f"milestone_{what}", line))
        return one

    def _outstanding(self) -> Iterator[Milestone]:
        return (one for one in self._now.values() if one.state in OUTSTANDING)

    def _last(self, key: str) -> Milestone | None:
        found = [one for one in self._now.values() if one.key == key]
        return max(found, key=lambda one: one.occurrence, default=None)

    def _rule(self, key: str) -> MilestoneRule | None:
        return self._organisation.milestones.get(key)

    def _promised(self) -> Iterable[str]:
        plan = self._organisation.plans.get(self._by.plan)
        return plan.targets if plan else ()

    def _promise(self, key: str) -> Promise | None:
        """Return what is promised of a milestone; None for nothing."""
        plan = self._organisation.plans.get(self._by.plan)
        within_ms = plan.within_ms(key, self._by.priority) if plan else 0
        if plan is None or not within_ms or self._rule(key) is None:
            return None
        calendar = hours.named(self._organisation, plan.hours)
        return Promise(plan=plan.key, hours=plan.hours, within_ms=within_ms, calendar=calendar)

    def _calendar(self, one: Milestone) -> Calendar:
        """Return the calendar that a milestone runs by; of hours that are gone, that of who never closes."""
        return hours.named(self._organisation, one.hours)

    def _kind(self) -> CaseStatusKind:
        return kind_of(self._organisation.case_statuses, self._status)

    def _over(self) -> bool:
        return self._kind() in OVER

    def _stands_still(self, key: str) -> bool:
        rule = self._rule(key)
        return rule is not None and bool(rule.paused_in & {self._status, self._kind().value})


def _line(one: Milestone, before: Milestone | None, at_ms: int) -> dict[str, object]:
    """Return what the history tells of a milestone: as of ``at_ms``, with what was otherwise before."""
    line: dict[str, object] = {
        "milestone": one.key,
        "occurrence": one.occurrence,
        "plan": one.plan,
        "at_ms": at_ms,
        "used_ms": one.used_ms,
        "target_ms": one.target_ms,
        "due_ms": one.due_ms,
        "missed_ms": one.missed_ms,
    }
    if before is not None:
        names = ("plan", "target_ms", "due_ms", "missed_ms")
        line["before"] = {name: getattr(before, name) for name in names if getattr(before, name) != getattr(one, name)}
    return line
