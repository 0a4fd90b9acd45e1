"""What was promised of a case, and what came of it: asked for while the case is told. Pure.

How clocks run and ladders are climbed is a matter of the stage that owns cases; whoever fills an organisation hands
in a function that plays a case's course through them, so that the data agree with its plans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.ids import NewId
from engine.model.case import Case
from engine.model.casework import Firing, Milestone


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """Something that the clocks of a case listen to."""

    at_ms: int
    moments: frozenset[str]
    status: str = ""  # the case's from then on; "" = as before


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What happened to a case, in the order of time, until ``until_ms``."""

    case: Case  # with the status and the plan that it has now
    began: str  # the status that it had at first
    happenings: tuple[Happening, ...]
    until_ms: int
    new_id: NewId


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of the promises."""

    priority: int = 0
    milestones: tuple[Milestone, ...] = ()
    firings: tuple[Firing, ...] = ()
    timers: Mapping[str, int] = field(default_factory=dict)  # name → due (ms)
    lines: tuple[tuple[int, str, Mapping[str, object]], ...] = ()  # of the history: when, kind, what


Play = Callable[[Course], Outcome]


def unpromised(course: Course) -> Outcome:
    """Promise nothing."""
    return Outcome(priority=course.case.priority)
