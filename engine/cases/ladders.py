"""Where the ladders of a case stand, for people: what was taken, when and why, and what comes next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from engine.cases.escalation import TIMERS
from engine.model.casework import Firing
from engine.model.escalation import BEGUN, STOPPED, RuleSet


class LadderState(StrEnum):
    """How far a ladder has come."""

    WAITING = "waiting"  # for its trigger's time
    STANDING = "standing"  # begun; steps are to come
    COMPLETE = "complete"  # all steps taken
    STOPPED = "stopped"  # before its last step


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """A step of a ladder."""

    step: str
    due_ms: int = 0  # when it was or is due; 0 = not known while a clock stands still, or never
    taken_ms: int = 0  # 0 = not yet
    why: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ladder:
    """One beginning of a rule set on a case."""

    rule_set: str
    name: str
    occurrence: int
    state: LadderState
    begun_ms: int = 0
    stopped_ms: int = 0
    reason: str = ""  # why it was stopped
    next_step: str = ""  # what comes next; "begun" = it begins
    next_ms: int = 0  # 0 = a clock stands still, or nothing comes
    rungs: tuple[Rung, ...] = ()


def ladders_of(
    rule_sets: Mapping[str, RuleSet], firings: Sequence[Firing], timers: Mapping[str, int]
) -> Sequence[Ladder]:
    """Return the ladders of a case by rule set and occurrence, those that wait for their beginning included."""
    taken: dict[tuple[str, int], dict[str, Firing]] = {}
    for firing in firings:
        key, _, step = firing.step.partition("/")
        if ":" not in key:  # else it is no rule set, but a macro or a job
            taken.setdefault((key, firing.occurrence), {})[step] = firing
    waited_for = dict(_waited_for(timers))
    for key, occurrence, _step in waited_for:
        taken.setdefault((key, occurrence), {})
    order = {key: place for place, key in enumerate(rule_sets)}
    names = sorted(taken, key=lambda name: (order.get(name[0], len(order)), name))
    return [_ladder(name, rule_sets.get(name[0]), taken[name], waited_for) for name in names]


def _waited_for(timers: Mapping[str, int]) -> Iterator[tuple[tuple[str, int, str], int]]:
    for timer, at_ms in timers.items():
        kind, _, name = timer.partition(":")
        parts = name.split("/")
        if kind == TIMERS and len(parts) == 3 and parts[2].isdecimal():
            yield (parts[0], int(parts[2]), parts[1]), at_ms


def _ladder(
    name: tuple[str, int],
    rule_set: RuleSet | None,
    taken: Mapping[str, Firing],
    waited_for: Mapping[tuple[str, int, str], int],
) -> Ladder:
    key, occurrence = name
    begun, stopped = taken.get(BEGUN), taken.get(STOPPED)
    configured = [step.key for step in rule_set.steps] if rule_set else []
    steps = [*configured, *(step for step in taken if step not in (*configured, BEGUN, STOPPED))]
    left = [step for step in configured if step not in taken]
    nexts = [step for step in (BEGUN, *steps) if (key, occurrence, step) in waited_for]
    if not left and begun:
        state = LadderState.COMPLETE
    elif stopped:
        state = LadderState.STOPPED
    else:
        state = LadderState.STANDING if begun else LadderState.WAITING
    next_step = nexts[0] if nexts else left[0] if left and state is LadderState.STANDING else ""
    return Ladder(
        rule_set=key,
        name=rule_set.name if rule_set else key,
        occurrence=occurrence,
        state=state,
        begun_ms=begun.due_ms if begun else 0,
        stopped_ms=stopped.at_ms if stopped else 0,
        reason=str(stopped.why.get("reason", "")) if stopped else "",
        next_step=next_step,
        next_ms=waited_for.get((key, occurrence, next_step), 0),
        rungs=tuple(_rung(step, taken.get(step), waited_for.get((key, occurrence, step), 0)) for step in steps),
    )


def _rung(step: str, firing: Firing | None, due_ms: int) -> Rung:
    if firing is None:
        return Rung(step=step, due_ms=due_ms)
    return Rung(step=step, due_ms=firing.due_ms, taken_ms=firing.at_ms, why=firing.why)
