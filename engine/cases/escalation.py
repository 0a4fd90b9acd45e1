"""Escalation: which ladders begin, which steps are taken, which stop, and what is waited for next. Pure.

Everything that was ever taken is a firing of the case, unique by step and occurrence; the firings so far are among the
facts, and new ones are written with their consequences in one transaction. So each step happens once, whoever decides
and however often; what was due while nobody was there is taken by the next decision, with the time at which it was due.

A ladder that is stopped by what this decision sees takes no further step, even one that was due a moment ago: nobody
is alarmed about what is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.cases.deeds import Cause, do
from engine.cases.draft import CaseRules, Draft
from engine.cases.ladder_start import begun
from engine.cases.triggers import (
    Ladders,
    answered,
    calendar_of,
    is_over,
    ladders,
    last_done_ms,
    moment_of_use,
    moments,
    timer_name,
)
from engine.cases.values import case_values
from engine.model.casework import Firing, Milestone, MilestoneState, SignalKind
from engine.model.escalation import (
    BEGUN,
    STOPPED,
    Action,
    AgeFrom,
    EscalationStep,
    RuleSet,
    TriggerKind,
    Until,
)
from engine.skills import business_time
from engine.skills.conditions import judge, matches, reasons

TIMERS = "escalation"
AFTERWARDS = frozenset({TriggerKind.RATING, TriggerKind.EVENT, TriggerKind.KEYWORD})
"""What may begin a ladder although the case is over: it is that which calls somebody back to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Taken:
    """The step that is being taken."""

    rule_set: RuleSet
    step: EscalationStep
    occurrence: int
    due_ms: int

    @property
    def cause(self) -> Cause:
        """Return what its actions are done for."""
        return Cause(
            rule_set=self.rule_set.key,
            name=self.rule_set.name,
            step=self.step.key,
            occurrence=self.occurrence,
            due_ms=self.due_ms,
            why=f"escalation: {self.rule_set.name}, {self.step.key}",
        )


def escalation(draft: Draft, rules: CaseRules) -> Draft:
    """Take the steps of every rule set that are due, and wait for what comes next."""
    timers: dict[str, int] = {}
    for rule_set in rules.organisation.escalations.values():
        draft, waited_for = _see_to(draft, rules, rule_set)
        timers |= waited_for
    return draft.with_timers(TIMERS, timers)


def escalation_again(draft: Draft, rules: CaseRules) -> Draft:
    """Take the steps that are due of ladders which automation rules began, and wait for their next ones.

    Nothing else is looked at anew: no trigger sees the same happening twice. Idempotent.
    """
    timers: dict[str, int] = {}
    starts = {one.step: one.occurrence for one in draft.decision.firings if one.step.endswith(f"/{BEGUN}")}
    for rule_set in rules.organisation.escalations.values():
        occurrence = starts.get(rule_set.firing(BEGUN))
        if occurrence in ladders(draft, rule_set).standing:
            draft, waited_for = _climb(draft, rules, rule_set, occurrence)
            timers |= waited_for
    return draft.with_timers(TIMERS, {**draft.timers_of(TIMERS), **timers}) if timers else draft


def _see_to(draft: Draft, rules: CaseRules, rule_set: RuleSet) -> tuple[Draft, Mapping[str, int]]:
    draft = _stop(draft, rules, rule_set)
    draft, timers = _begin(draft, rules, rule_set)
    for occurrence in ladders(draft, rule_set).standing:
        draft, waited_for = _climb(draft, rules, rule_set, occurrence)
        timers |= waited_for
    return draft, timers


# -- the beginning ------------------------------------------------------------------------------------------------


def _begin(draft: Draft, rules: CaseRules, rule_set: RuleSet) -> tuple[Draft, dict[str, int]]:
    """Begin the ladders whose moment has come; return the timers of those whose moment is to come."""
    timers: dict[str, int] = {}
    so_far = ladders(draft, rule_set)
    if is_over(draft) and rule_set.trigger.kind not in AFTERWARDS:
        return draft, timers
    for moment in moments(draft, rules, rule_set, so_far):
        if len(so_far.begun) >= rule_set.most:
            break
        if moment.due_ms > draft.now_ms:
            timers[timer_name(rule_set, BEGUN, moment.occurrence)] = moment.due_ms
            continue
        values = case_values(draft, rules)
        if matches(rule_set.when, values) and not (Until.OWNED in rule_set.until and draft.case.owner_id):
            because = reasons(judge(rule_set.when, values))
            seen = {"trigger": rule_set.trigger.kind.value, **moment.seen}
            draft = begun(draft, rule_set, moment.occurrence, due_ms=moment.due_ms, seen=seen, because=because)
            so_far = ladders(draft, rule_set)
    return draft, timers


# -- the steps ----------------------------------------------------------------------------------------------------


def _climb(draft: Draft, rules: CaseRules, rule_set: RuleSet, occurrence: int) -> tuple[Draft, Mapping[str, int]]:
    """Take the steps of a ladder that are due; return the timer of the next one."""
    start = _begun(draft, rule_set, occurrence)
    for step in rule_set.steps:
        if draft.fired(rule_set.firing(step.key), occurrence):
            continue
        due_ms = _step_due_ms(draft, rules, rule_set, start, step)
        if not due_ms:
            return draft, {}  # the clock stands still; whatever lets it run again decides anew
        if due_ms > draft.now_ms:
            return draft, {timer_name(rule_set, step.key, occurrence): due_ms}
        taken = _Taken(rule_set=rule_set, step=step, occurrence=occurrence, due_ms=due_ms)
        draft = _take(draft, rules, taken, start.why)
    return draft, {}


def _take(draft: Draft, rules: CaseRules, taken: _Taken, trigger: Mapping[str, object]) -> Draft:
    done: list[dict[str, object]] = []
    for action in taken.step.actions:
        draft, fault = do(draft, rules, taken.cause, action)
        done.append({"action": action.kind.value, **said_of(action), **({"fault": fault} if fault else {})})
    why: dict[str, object] = {**trigger, "actions": done}
    firing = taken.rule_set.firing(taken.step.key)
    draft = _fire(draft, firing, taken.occurrence, due_ms=taken.due_ms, why=why)
    return draft.with_change("escalated_ms", draft.now_ms).with_line(
        "escalated",
        rule_set=taken.rule_set.key,
        name=taken.rule_set.name,
        step=taken.step.key,
        occurrence=taken.occurrence,
        due_ms=taken.due_ms,
        **why,
    )


def said_of(action: Action) -> dict[str, object]:
    """Return an action's settings as far as they say something."""
    said: dict[str, object] = {
        "points": action.points,
        "queue": action.queue,
        "skills": dict(action.skills),
        "who": action.who,
        "to": list(action.to),
        "status": action.status,
        "type": action.type,
        "team": action.team,
        "tags": list(action.tags),
        "fields": dict(action.fields),
        "subject": action.child.subject if action.child else "",
        "process": action.approval.process if action.approval else "",
        "rule_set": action.rule_set,
    }
    return {name: value for name, value in said.items() if value}


def _fire(draft: Draft, step: str, occurrence: int, *, due_ms: int, why: Mapping[str, object]) -> Draft:
    return draft.with_firing(
        Firing(
            case_id=draft.case.id, step=step, occurrence=occurrence, due_ms=due_ms, at_ms=draft.now_ms, why=dict(why)
        )
    )


def _begun(draft: Draft, rule_set: RuleSet, occurrence: int) -> Firing:
    wanted = (rule_set.firing(BEGUN), occurrence)
    taken = (*draft.facts.firings, *draft.decision.firings)
    return next(one for one in taken if (one.step, one.occurrence) == wanted)


def _milestone(draft: Draft, rule_set: RuleSet, occurrence: int) -> Milestone | None:
    wanted = (rule_set.trigger.milestone, occurrence)
    return next((one for one in draft.milestones if (one.key, one.occurrence) == wanted), None)


def _step_due_ms(draft: Draft, rules: CaseRules, rule_set: RuleSet, start: Firing, step: EscalationStep) -> int:
    """Return when a step of a ladder that has begun is due; 0 = not while a clock stands still.

    Of a milestone's ladder: when the milestone has used so much more of its own business time than at the beginning,
    so that it waits while the milestone does, and a target that changes meanwhile moves no step.
    """
    if step.after_ms == 0:
        return start.due_ms
    milestone = _milestone(draft, rule_set, start.occurrence)
    if milestone is not None and milestone.state in (MilestoneState.RUNNING, MilestoneState.PAUSED):
        used_ms = start.why.get("used_ms", 0)
        assert isinstance(used_ms, int)
        return moment_of_use(milestone, calendar_of(rules, milestone.hours), used_ms + step.after_ms)
    return business_time.due(calendar_of(rules, rule_set.hours), start.due_ms, step.after_ms)


# -- the stop -----------------------------------------------------------------------------------------------------


def _stop(draft: Draft, rules: CaseRules, rule_set: RuleSet) -> Draft:
    """Stop the ladders for which there is a reason to; of an age that begins anew, also one that is complete."""
    so_far = ladders(draft, rule_set)
    anew = rule_set.trigger.kind is TriggerKind.AGE and rule_set.trigger.since is not AgeFrom.OPENED
    for occurrence in sorted(set(so_far.begun) - so_far.stopped) if anew else so_far.standing:
        reason = _reason_to_stop(draft, rules, rule_set, occurrence)
        if reason:
            draft = _write_stopped(draft, rule_set, occurrence, reason, so_far)
    return draft


def _write_stopped(draft: Draft, rule_set: RuleSet, occurrence: int, reason: str, so_far: Ladders) -> Draft:
    why = {"reason": reason}
    draft = _fire(draft, rule_set.firing(STOPPED), occurrence, due_ms=draft.now_ms, why=why)
    if occurrence in so_far.complete:
        return draft
    return draft.with_line(
        "escalation_stopped", rule_set=rule_set.key, name=rule_set.name, occurrence=occurrence, **why
    )


def _reason_to_stop(draft: Draft, rules: CaseRules, rule_set: RuleSet, occurrence: int) -> str:
    """Return the first reason to stop a ladder, "" without one."""
    trigger, until = rule_set.trigger, rule_set.until
    over_before = bool(_begun(draft, rule_set, occurrence).why.get("over"))
    aged = trigger.since if trigger.kind is TriggerKind.AGE else None
    reasons_to = {
        "updated": aged is AgeFrom.UPDATED and last_done_ms(draft) > 0,
        Until.RESOLVED.value: Until.RESOLVED in until and not over_before and is_over(draft),
        Until.MET.value: Until.MET in until and _is_met(draft, rule_set, occurrence),
        Until.REPLIED.value: (Until.REPLIED in until and bool(draft.signalled(SignalKind.REPLY)))
        or (aged is AgeFrom.MESSAGE and answered(draft)),
        Until.ACCEPTED.value: Until.ACCEPTED in until and bool(draft.signalled(SignalKind.ACCEPTED)),
        Until.OWNED.value: Until.OWNED in until and draft.case.owner_id != "",
        Until.CONDITION.value: Until.CONDITION in until and not matches(rule_set.when, case_values(draft, rules)),
    }
    return next((reason for reason, holds in reasons_to.items() if holds), "")


def _is_met(draft: Draft, rule_set: RuleSet, occurrence: int) -> bool:
    if rule_set.trigger.kind is not TriggerKind.MILESTONE:
        return False
    milestone = _milestone(draft, rule_set, occurrence)
    return milestone is None or milestone.state in (MilestoneState.MET, MilestoneState.CANCELLED)
