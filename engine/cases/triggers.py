"""When a rule set's ladder begins: what has happened by now that begins it, and what its next moment is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.cases.draft import CaseRules, Draft
from engine.cases.values import WROTE
from engine.model.case_setup import OVER
from engine.model.casework import Milestone, MilestoneState, SignalKind
from engine.model.escalation import BEGUN, STOPPED, AgeFrom, RuleSet, SaidBy, TriggerKind
from engine.skills import business_time
from engine.skills.business_time import Calendar
from engine.skills.words import contains, fold

BY_PEOPLE = frozenset({SignalKind.MESSAGE, SignalKind.REPLY, SignalKind.ACCEPTED, SignalKind.CHANGED})
"""Signals that somebody does something about a case, so that it is not forgotten."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """When a ladder begins, and by what."""

    occurrence: int
    due_ms: int
    seen: Mapping[str, object] = field(default_factory=dict)  # what the trigger saw, for the explanation


@dataclass(frozen=True, kw_only=True, slots=True)
class Ladders:
    """How far the ladders of one rule set have come on a case."""

    begun: Mapping[int, int]  # occurrence → when (ms)
    stopped: frozenset[int]
    complete: frozenset[int]  # all steps taken

    @property
    def next(self) -> int:
        """Return the number of the next occurrence of what counts on."""
        return max(self.begun, default=0) + 1

    @property
    def standing(self) -> tuple[int, ...]:
        """Return the occurrences that are neither stopped nor complete."""
        return tuple(one for one in sorted(self.begun) if one not in self.stopped and one not in self.complete)


def ladders(draft: Draft, rule_set: RuleSet) -> Ladders:
    """Read the ladders from the firings so far, those of this decision included."""
    taken: dict[str, set[int]] = {}
    begun: dict[int, int] = {}
    for firing in (*draft.facts.firings, *draft.decision.firings):
        key, _, step = firing.step.partition("/")
        if key == rule_set.key:
            taken.setdefault(step, set()).add(firing.occurrence)
            if step == BEGUN:
                begun[firing.occurrence] = firing.due_ms
    last = rule_set.steps[-1].key
    return Ladders(
        begun=begun,
        stopped=frozenset(taken.get(STOPPED, ())),
        complete=frozenset(taken.get(last, ())),
    )


def timer_name(rule_set: RuleSet, step: str, occurrence: int) -> str:
    """Return how the timer of a beginning or a step is called among those of escalation."""
    return f"{rule_set.key}/{step}/{occurrence}"


def pending_ms(draft: Draft, name: str) -> int:
    """Return when the timer of this name is or was due; 0 where there is none."""
    return draft.facts.timers.get(f"escalation:{name}", 0)


def calendar_of(rules: CaseRules, hours: str) -> Calendar:
    """Return the calendar of named hours; of none, that of who never closes."""
    organisation = rules.organisation
    return business_time.calendar(organisation.hours.get(hours), organisation.time_zone)


def is_over(draft: Draft) -> bool:
    """Say whether nothing is left to do about the case."""
    return draft.kind in OVER or bool(draft.case.merged_into)


def moments(draft: Draft, rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    """Return when its ladder begins: now or earlier what has happened, later what is to come."""
    return _KINDS[rule_set.trigger.kind](draft, rules, rule_set, so_far)


def used_ms(milestone: Milestone, calendar: Calendar, at_ms: int) -> int:
    """Return how much business time a milestone has used at ``at_ms``."""
    running = business_time.elapsed(calendar, milestone.running_since_ms, at_ms) if milestone.running_since_ms else 0
    return milestone.used_ms + running


def moment_of_use(milestone: Milestone, calendar: Calendar, wanted_ms: int) -> int:
    """Return when a running milestone will have used ``wanted_ms`` of business time; 0 = never, as it stands."""
    if milestone.state is not MilestoneState.RUNNING or not milestone.running_since_ms:
        return 0
    return business_time.due(calendar, milestone.running_since_ms, max(0, wanted_ms - milestone.used_ms))


def _on_time(draft: Draft, name: str, moment_ms: int) -> int:
    """Return what counts as the due time of a moment.

    One that was waited for is due then. One that lies back although nobody waited for it (a target that was shortened,
    a condition that came true later) is due now: nothing could have been done earlier.
    """
    waited_for_ms = pending_ms(draft, name)
    if moment_ms > draft.now_ms:
        return moment_ms
    return waited_for_ms if 0 < waited_for_ms <= draft.now_ms else draft.now_ms


def _of_milestone(draft: Draft, rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    trigger = rule_set.trigger
    found = []
    for milestone in draft.milestones:
        if milestone.key != trigger.milestone or milestone.occurrence in so_far.begun:
            continue
        calendar = calendar_of(rules, milestone.hours)
        moment_ms = moment_of_use(milestone, calendar, milestone.target_ms + trigger.shift_ms)
        if moment_ms:
            name = timer_name(rule_set, BEGUN, milestone.occurrence)
            due_ms = _on_time(draft, name, moment_ms)
            seen = {
                "milestone": milestone.key,
                "milestone_due_ms": milestone.due_ms,
                "shift_ms": trigger.shift_ms,
                "used_ms": used_ms(milestone, calendar, due_ms),
            }
            found.append(Moment(occurrence=milestone.occurrence, due_ms=due_ms, seen=seen))
    return found


def _of_age(draft: Draft, rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    since = rule_set.trigger.since
    if since is AgeFrom.MESSAGE and answered(draft):
        return ()
    occurrence = 1 if since is AgeFrom.OPENED else so_far.next
    if occurrence in so_far.begun or set(so_far.begun) - so_far.stopped:
        return ()
    name = timer_name(rule_set, BEGUN, occurrence)
    waited_for_ms = pending_ms(draft, name)
    from_ms = _age_from(draft, since, waits=bool(waited_for_ms))
    if not from_ms and not waited_for_ms:
        return ()
    after_ms = rule_set.trigger.after_ms
    moment_ms = business_time.due(calendar_of(rules, rule_set.hours), from_ms, after_ms) if from_ms else waited_for_ms
    if not moment_ms:
        return ()
    seen = {"since": since.value, "after_ms": after_ms}
    return (Moment(occurrence=occurrence, due_ms=_on_time(draft, name, moment_ms), seen=seen),)


def _age_from(draft: Draft, since: AgeFrom, *, waits: bool) -> int:
    """Return what the age counts from; 0: go by the timer that waits, if one does."""
    if since is AgeFrom.OPENED:
        return draft.case.opened_ms
    if since is AgeFrom.MESSAGE:
        said = [one for one in draft.signals if one.kind in (SignalKind.MESSAGE, SignalKind.REPLY)]
        return said[-1].at_ms if said and said[-1].kind is SignalKind.MESSAGE else 0
    return last_done_ms(draft) or (0 if waits else draft.facts.case.updated_ms)


def last_done_ms(draft: Draft) -> int:
    """Return when somebody last did something about the case, as far as this decision hears of it; 0 = nobody."""
    at = [one.at_ms for one in draft.signals if one.kind in BY_PEOPLE]
    if any(change.asked for change in draft.decision.changes):
        at.append(draft.now_ms)
    return max(at, default=0)


def answered(draft: Draft) -> bool:
    """Say whether this decision hears of an answer to the customer after which he wrote nothing."""
    said = [one for one in draft.signals if one.kind in (SignalKind.MESSAGE, SignalKind.REPLY)]
    return bool(said) and said[-1].kind is SignalKind.REPLY


def _of_keyword(draft: Draft, _rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    kinds = WROTE if rule_set.trigger.by is SaidBy.CUSTOMER else WROTE | {SignalKind.REPLY}
    for signal in draft.signals:
        if signal.kind in kinds:
            text = fold(str(signal.data.get("text", "")))
            found = [word for word in rule_set.trigger.words if contains(text, word)]
            if found:
                return _happened(signal.at_ms, so_far, {"words": found, "by": rule_set.trigger.by.value})
    return ()


def _of_tier(draft: Draft, _rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    contact = draft.facts.contact
    tiers = {tier for tier in (contact.tier if contact else "", draft.facts.account_tier) if tier}
    found = sorted(tiers & rule_set.trigger.tiers)
    if not found or so_far.begun:
        return ()
    return (Moment(occurrence=1, due_ms=_latest_ms(draft), seen={"tier": found[0]}),)


def _of_reopening(draft: Draft, _rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    reopened = draft.case.reopened
    if reopened < rule_set.trigger.least or reopened in so_far.begun:
        return ()
    return (Moment(occurrence=reopened, due_ms=_latest_ms(draft), seen={"reopened": reopened}),)


def _of_rating(draft: Draft, _rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    for signal in draft.signalled(SignalKind.RATED):
        rating = signal.data.get("rating", draft.case.rating)
        if isinstance(rating, int) and 0 < rating <= rule_set.trigger.rating:
            return _happened(signal.at_ms, so_far, {"rating": rating, "at_most": rule_set.trigger.rating})
    if draft.changed("rating") and 0 < draft.case.rating <= rule_set.trigger.rating:
        seen = {"rating": draft.case.rating, "at_most": rule_set.trigger.rating}
        return _happened(draft.now_ms, so_far, seen)
    return ()


def _of_repetition(draft: Draft, _rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    trigger = rule_set.trigger
    came = [one for one in draft.signals if one.kind in (SignalKind.OPENED, SignalKind.MESSAGE)]
    if not came:
        return ()
    at_ms = came[-1].at_ms
    count = sum(1 for one in draft.facts.contact_times if at_ms - trigger.within_ms < one <= draft.now_ms)
    if count < trigger.least or any(begun > at_ms - trigger.within_ms for begun in so_far.begun.values()):
        return ()
    return _happened(at_ms, so_far, {"conversations": count, "within_ms": trigger.within_ms})


def _of_event(draft: Draft, _rules: CaseRules, rule_set: RuleSet, so_far: Ladders) -> Sequence[Moment]:
    for signal in draft.signalled(SignalKind.EVENT):
        if signal.data.get("name") == rule_set.trigger.event:
            return _happened(
                signal.at_ms, so_far, {"event": rule_set.trigger.event, "data": signal.data.get("data", {})}
            )
    return ()


def _of_action(_draft: Draft, _rules: CaseRules, _rule_set: RuleSet, _so_far: Ladders) -> Sequence[Moment]:
    return ()  # see ``ladder_start``


def _happened(at_ms: int, so_far: Ladders, seen: Mapping[str, object]) -> Sequence[Moment]:
    """Begin the next ladder by what happened at ``at_ms``, unless one stands already."""
    if so_far.standing:
        return ()
    return (Moment(occurrence=so_far.next, due_ms=at_ms, seen=seen),)


def _latest_ms(draft: Draft) -> int:
    """Return when that happened which this decision is about: the latest signal, else now."""
    return max((one.at_ms for one in draft.signals), default=draft.now_ms)


_KINDS: Mapping[TriggerKind, Callable[[Draft, CaseRules, RuleSet, Ladders], Sequence[Moment]]] = {
    TriggerKind.MILESTONE: _of_milestone,
    TriggerKind.AGE: _of_age,
    TriggerKind.KEYWORD: _of_keyword,
    TriggerKind.TIER: _of_tier,
    TriggerKind.REOPENED: _of_reopening,
    TriggerKind.RATING: _of_rating,
    TriggerKind.REPEATED: _of_repetition,
    TriggerKind.EVENT: _of_event,
    TriggerKind.ACTION: _of_action,
}
