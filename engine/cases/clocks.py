"""The clock of one milestone: it starts, stands still, goes on, is met, missed or given up. Pure.

Missed is what is due and not met, no more: so a target that is lengthened, or a reply that turns out to have been in
time, takes the miss back, and nothing depends on when somebody came by to look. What is met at its due time is in time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.ids import NewId
from engine.model.casework import Milestone, MilestoneState
from engine.skills.business_time import Calendar, due, elapsed

OUTSTANDING = frozenset({MilestoneState.RUNNING, MilestoneState.PAUSED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What a plan promises of a milestone at present."""

    plan: str
    hours: str
    within_ms: int
    calendar: Calendar


def started(case_id: str, name: tuple[str, int], promise: Promise, *, new_id: NewId, at_ms: int) -> Milestone:
    """Return the milestone (key, occurrence) with its clock standing at nothing; ``resumed`` lets it run."""
    return Milestone(
        id=new_id(),
        case_id=case_id,
        key=name[0],
        occurrence=name[1],
        plan=promise.plan,
        hours=promise.hours,
        target_ms=promise.within_ms,
        state=MilestoneState.PAUSED,
        started_ms=at_ms,
    )


def used_ms(one: Milestone, calendar: Calendar, at_ms: int) -> int:
    """Return the business time that the milestone has used at ``at_ms``."""
    running = one.state is MilestoneState.RUNNING
    return one.used_ms + (elapsed(calendar, one.running_since_ms, at_ms) if running else 0)


def resumed(one: Milestone, calendar: Calendar, at_ms: int) -> Milestone:
    """Let the clock run from ``at_ms`` on; what was missed stays due when it was."""
    if one.state is not MilestoneState.PAUSED:
        return one
    due_ms = one.missed_ms or due(calendar, at_ms, one.target_ms - one.used_ms)
    return replace(one, state=MilestoneState.RUNNING, running_since_ms=at_ms, due_ms=due_ms)


def paused(one: Milestone, calendar: Calendar, at_ms: int) -> Milestone:
    """Let the clock stand still from ``at_ms`` on."""
    if one.state is not MilestoneState.RUNNING:
        return one
    return replace(_stopped(looked_at(one, at_ms), calendar, at_ms), state=MilestoneState.PAUSED)


def met(one: Milestone, calendar: Calendar, at_ms: int) -> Milestone:
    """Meet the milestone at ``at_ms``, which may lie before a miss: it is taken back then."""
    if one.state is MilestoneState.MET:
        return _met_sooner(one, calendar, at_ms)
    due_ms = one.missed_ms or one.due_ms
    missed_ms = due_ms if due_ms < at_ms else 0
    return replace(_stopped(one, calendar, at_ms), state=MilestoneState.MET, met_ms=at_ms, missed_ms=missed_ms)


def _met_sooner(one: Milestone, calendar: Calendar, at_ms: int) -> Milestone:
    """Correct a milestone that was met sooner than was known."""
    used = max(0, one.used_ms - elapsed(calendar, at_ms, one.met_ms))
    missed_ms = one.missed_ms if one.missed_ms < at_ms else 0
    return replace(one, met_ms=at_ms, used_ms=used, missed_ms=missed_ms)


def cancelled(one: Milestone, calendar: Calendar, at_ms: int) -> Milestone:
    """Give the milestone up; one that was missed stays so."""
    return replace(_stopped(looked_at(one, at_ms), calendar, at_ms), state=MilestoneState.CANCELLED)


def looked_at(one: Milestone, at_ms: int) -> Milestone:
    """Return the milestone as it stands at ``at_ms``: missed if it was due by then. Idempotent."""
    if one.state is MilestoneState.RUNNING and not one.missed_ms and 0 < one.due_ms <= at_ms:
        return replace(one, missed_ms=one.due_ms)
    return one


def retargeted(one: Milestone, promise: Promise, calendar: Calendar, at_ms: int) -> Milestone:
    """Let a milestone that is outstanding be as promised now; ``calendar`` is what it ran by until ``at_ms``.

    Used business time is kept. What would have been due before ``at_ms`` is due at ``at_ms``: sooner nobody could have
    known. What is due later than that is not missed any more. Nothing changes where nothing differs; hours that were
    changed under the same name count from when the clock last began to run.
    """
    if promise.hours != one.hours and one.state is MilestoneState.RUNNING:
        one = replace(one, used_ms=used_ms(one, calendar, at_ms), running_since_ms=at_ms)
    if (one.plan, one.hours, one.target_ms) != (promise.plan, promise.hours, promise.within_ms):
        one = replace(one, plan=promise.plan, hours=promise.hours, target_ms=promise.within_ms)
    if one.state is MilestoneState.PAUSED:
        over = one.used_ms >= one.target_ms
        missed_ms = (one.missed_ms or at_ms) if over else 0
        return one if missed_ms == one.missed_ms else replace(one, missed_ms=missed_ms)
    due_ms = due(promise.calendar, one.running_since_ms, one.target_ms - one.used_ms)
    if due_ms == one.due_ms or (one.missed_ms and 0 < due_ms <= at_ms):
        return one
    if due_ms == 0 or due_ms > at_ms:
        return replace(one, due_ms=due_ms, missed_ms=0)
    return replace(one, due_ms=at_ms, missed_ms=at_ms)


def _stopped(one: Milestone, calendar: Calendar, at_ms: int) -> Milestone:
    return replace(one, used_ms=used_ms(one, calendar, at_ms), running_since_ms=0, due_ms=0)
