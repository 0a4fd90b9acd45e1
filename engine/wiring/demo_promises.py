"""Play the cases of demo data through the clocks and ladders of an organisation, as the clerk would have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.cases.deeds import MOST_PRIORITY
from engine.cases.draft import CaseRules, Draft
from engine.cases.escalation import said_of
from engine.cases.milestone_book import MilestoneBook
from engine.cases.triggers import timer_name
from engine.demo_data.promises import Course, Outcome, Play
from engine.model.case_setup import OVER, kind_of
from engine.model.casework import CaseDecision, CaseFacts, Firing, Milestone, MilestoneState
from engine.model.condition import ALWAYS
from engine.model.escalation import BEGUN, STOPPED, Action, ActionKind, RuleSet, TriggerKind, Until
from engine.model.organisation import Organisation
from engine.skills import business_time, hours

TOLD = frozenset({"milestone_met", "milestone_missed"})
"""Lines of the history that demo data have: the others would double it."""
_DONE = frozenset({ActionKind.RAISE_PRIORITY, ActionKind.SET_PRIORITY, ActionKind.NOTIFY})

_Rung = tuple[str, int, tuple[Action, ...]]
"""A step's key, when it is due, and what it does."""


def play_of(organisation: Organisation) -> Play:
    """Return the function that says what came of an organisation's promises for a case. Pure."""
    ladders = [one for one in organisation.escalations.values() if _is_simple(organisation, one)]

    def play(course: Course) -> Outcome:
        if course.case.plan not in organisation.plans:
            return Outcome(priority=course.case.priority)
        outcome = _clocks(organisation, course)
        for rule_set in ladders:
            outcome = _climbed(organisation, course, rule_set, outcome)
        if outcome.priority != course.case.priority and _is_open(organisation, course):
            urgent = replace(course, case=replace(course.case, priority=outcome.priority))
            again = _clocks(organisation, urgent)  # what is outstanding is promised by the priority that it has now
            escalated = [line for line in outcome.lines if line[1] not in TOLD]
            ours = {name: at_ms for name, at_ms in outcome.timers.items() if name.startswith("escalation:")}
            outcome = replace(
                outcome,
                milestones=again.milestones,
                timers={**again.timers, **ours},
                lines=(*again.lines, *escalated),
            )
        return outcome

    return play


def _is_open(organisation: Organisation, course: Course) -> bool:
    return kind_of(organisation.case_statuses, course.case.status) not in OVER


def _is_simple(organisation: Organisation, rule_set: RuleSet) -> bool:
    """Say whether a ladder depends on nothing but a clock that never stands still."""
    rule = organisation.milestones.get(rule_set.trigger.milestone)
    by_clock = rule_set.trigger.kind is TriggerKind.MILESTONE and rule_set.when == ALWAYS
    return by_clock and rule is not None and not rule.paused_in and not rule.repeats


def _clocks(organisation: Organisation, course: Course) -> Outcome:
    facts = CaseFacts(case=course.case, now_ms=course.until_ms)
    draft = Draft(facts=facts, case=course.case, decision=CaseDecision(), statuses=organisation.case_statuses)
    book = MilestoneBook(draft, CaseRules(organisation=organisation, new_id=course.new_id), status=course.began)
    for one in course.happenings:
        book.happen(one.at_ms, one.moments, status=one.status)
    draft = book.written()
    return Outcome(
        priority=course.case.priority,
        milestones=draft.decision.milestones,
        timers=draft.timers,
        lines=tuple(_lines(draft)),
    )


def _lines(draft: Draft) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    for line in draft.decision.lines:
        if line.kind in TOLD:
            at_ms = line.data["missed_ms"] if line.kind == "milestone_missed" else line.data["at_ms"]
            assert isinstance(at_ms, int)
            yield at_ms, line.kind, line.data


def _climbed(organisation: Organisation, course: Course, rule_set: RuleSet, outcome: Outcome) -> Outcome:
    """Add the steps of a ladder that were taken until the milestone was met, and what is waited for."""
    one = next((one for one in outcome.milestones if one.key == rule_set.trigger.milestone), None)
    if one is None or one.state is MilestoneState.CANCELLED:
        return outcome
    begun_ms = _due_ms(organisation, one, rule_set.trigger.shift_ms)
    rungs: list[_Rung] = [(BEGUN, begun_ms, ())]
    shift_ms = rule_set.trigger.shift_ms
    rungs += [(step.key, _due_ms(organisation, one, shift_ms + step.after_ms), step.actions) for step in rule_set.steps]
    end_ms = one.met_ms or course.until_ms + 1
    trigger = {
        "trigger": rule_set.trigger.kind.value,
        "milestone": one.key,
        "milestone_due_ms": _due_ms(organisation, one, 0),
        "shift_ms": rule_set.trigger.shift_ms,
        "used_ms": max(0, one.target_ms + rule_set.trigger.shift_ms),
    }
    for key, due_ms, actions in rungs:
        if not 0 < due_ms < end_ms:
            return _ended(rule_set, one, outcome, key, due_ms)
        outcome = _taken(rule_set, one, outcome, (key, due_ms, actions), trigger)
    return outcome


def _taken(
    rule_set: RuleSet,
    one: Milestone,
    outcome: Outcome,
    rung: _Rung,
    trigger: Mapping[str, object],
) -> Outcome:
    """Add a step that was taken, with what it did to the priority."""
    key, due_ms, actions = rung
    done = [action for action in actions if action.kind in _DONE]
    why = {**trigger, "actions": [{"action": action.kind.value, **said_of(action)} for action in done]}
    if key == BEGUN:
        return replace(outcome, firings=(*outcome.firings, _firing(rule_set, one, key, due_ms, trigger)))
    priority = outcome.priority
    for action in done:
        if action.kind is ActionKind.RAISE_PRIORITY:
            priority = max(-MOST_PRIORITY, min(MOST_PRIORITY, priority + action.points))
        elif action.kind is ActionKind.SET_PRIORITY:
            priority = action.points
    told = {"rule_set": rule_set.key, "name": rule_set.name, "step": key, "occurrence": one.occurrence}
    return replace(
        outcome,
        priority=priority,
        firings=(*outcome.firings, _firing(rule_set, one, key, due_ms, why)),
        lines=(*outcome.lines, (due_ms, "escalated", {**told, "due_ms": due_ms, **why})),
    )


def _firing(rule_set: RuleSet, one: Milestone, key: str, at_ms: int, why: Mapping[str, object]) -> Firing:
    return Firing(
        case_id=one.case_id,
        step=rule_set.firing(key),
        occurrence=one.occurrence,
        due_ms=at_ms,
        at_ms=at_ms,
        why=why,
    )


def _ended(rule_set: RuleSet, one: Milestone, outcome: Outcome, key: str, due_ms: int) -> Outcome:
    """Say how a ladder stands that was not climbed to its end: it waits for ``key``, or was stopped."""
    if not one.met_ms:
        name = f"escalation:{timer_name(rule_set, key, one.occurrence)}"
        return replace(outcome, timers={**outcome.timers, name: due_ms}) if due_ms else outcome
    if key == BEGUN or Until.MET not in rule_set.until:
        return outcome
    stopped = _firing(rule_set, one, STOPPED, one.met_ms, {"reason": Until.MET.value})
    return replace(outcome, firings=(*outcome.firings, stopped))


def _due_ms(organisation: Organisation, one: Milestone, shift_ms: int) -> int:
    calendar = hours.named(organisation, one.hours)
    return business_time.due(calendar, one.started_ms, max(0, one.target_ms + shift_ms))
