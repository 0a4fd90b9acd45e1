"""Random histories of a case against a slow reference that steps through time, minute by minute.

The reference is written from the documentation (docs/explanation/clocks.md): it counts open minutes, one at a time, and
knows nothing of due times, signals or decisions.
"""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from engine.model.casework import MilestoneState, SignalKind
from engine.model.hours import Hours, Period
from engine.model.plan import Target
from tests.unit.cases.milestone_world import DAY, HOUR, MINUTE, World, organisation, plan

START = 1_774_656_000_000  # 2026-03-28T00:00Z: the clocks change in the night to come
SPLIT = Hours(
    key="split",
    time_zone="Europe/Berlin",
    periods=tuple(
        Period(weekday=day, start_minute=start, end_minute=end)
        for day in range(7)
        for start, end in ((30, 170), (540, 750), (810, 1080))
    ),
    holidays={"2026-03-30": "holiday"},
)
PLANS = (
    plan(
        "p",
        "split",
        first_response=(Target(within_ms=HOUR, priority_at_least=5), Target(within_ms=3 * HOUR)),
        next_response=2 * HOUR,
        resolution=(Target(within_ms=4 * HOUR, priority_at_least=5), Target(within_ms=9 * HOUR)),
    ),
    plan("always", first_response=2 * HOUR, next_response=HOUR, resolution=11 * HOUR),
)
TARGETS = {
    "p": {"first_response": (180, 60), "next_response": (120, 120), "resolution": (540, 240)},
    "always": {"first_response": (120, 120), "next_response": (60, 60), "resolution": (660, 660)},
}
"""As in the plans, in minutes: for most cases, and for those of priority 5 and more."""
STATUSES = ("open", "waiting", "resolved", "closed")


@dataclass(kw_only=True, order=True)
class Clock:
    """One occurrence as somebody with a stop-watch keeps it."""

    key: str
    occurrence: int
    started: int
    used: int = 0
    outcome: str = ""  # met | cancelled
    met: int = 0
    missed: int = 0
    over_target: bool = False


@dataclass(kw_only=True)
class Reference:
    """A case watched every minute."""

    now: int
    priority: int = 0
    status: str = "new"
    plan: str = "p"
    clocks: list[Clock] = field(default_factory=list)

    def target(self, key: str) -> int:
        minutes = TARGETS[self.plan][key]
        return minutes[1 if self.priority >= 5 else 0] * MINUTE

    def going(self, key: str = "") -> list[Clock]:
        return [clock for clock in self.clocks if not clock.outcome and key in ("", clock.key)]

    def stands_still(self, clock: Clock) -> bool:
        return clock.key == "resolution" and self.status == "waiting"

    def look(self) -> None:
        """Write down what has used up its time, at the minute at which it has; take back what has not any more."""
        for clock in self.going():
            over = clock.used >= self.target(clock.key)
            if over and not clock.over_target:
                clock.missed = self.now
            elif not over:
                clock.missed = 0
            clock.over_target = over

    def meet(self, clock: Clock) -> None:
        clock.outcome, clock.met = "met", self.now
        if clock.missed == self.now:
            clock.missed = 0

    def begin(self, key: str) -> None:
        if self.status in ("resolved", "closed") or self.going(key):
            return
        number = max((clock.occurrence for clock in self.clocks if clock.key == key), default=0) + 1
        self.clocks.append(Clock(key=key, occurrence=number, started=self.now))

    def happen(self, what: str) -> None:
        if what == "opened":
            self.begin("first_response")
            self.begin("resolution")
        elif what == "message":
            if not self.going("first_response"):
                self.begin("next_response")
        elif what == "reply":
            for clock in [*self.going("first_response"), *self.going("next_response")]:
                self.meet(clock)
        elif what.startswith("priority:"):
            self.priority = int(what.removeprefix("priority:"))
        elif what.startswith("queue:"):
            self.plan = what.removeprefix("queue:")
        elif what in STATUSES and what != self.status:
            self.change(what)

    def change(self, status: str) -> None:
        before, self.status = self.status, status
        if status in ("resolved", "closed"):
            for clock in self.going():
                if clock.key == "resolution":
                    self.meet(clock)
                else:
                    clock.outcome = "cancelled"
        elif before in ("resolved", "closed"):
            self.begin("resolution")

    def wait(self, until: int) -> None:
        while self.now < until:
            if self.plan == "always" or open_minute(self.now):
                for clock in self.going():
                    if not self.stands_still(clock):
                        clock.used += MINUTE
            self.now += MINUTE
            self.look()


def open_minute(at_ms: int) -> bool:
    """Read the sign at the door; the wall clock goes an hour before UTC, from the 29th at 01:00 UTC on two."""
    minute = (at_ms - START) // MINUTE
    wall = minute + (60 if minute < 25 * 60 else 120)
    day, minute_of_day = divmod(wall, 1440)
    return day != 2 and any(start <= minute_of_day < end for start, end in ((30, 170), (540, 750), (810, 1080)))


HAPPENINGS = some.sampled_from(
    ("message", "reply", "priority:0", "priority:5", "queue:p", "queue:always", *STATUSES, "look")
)
MINUTES = some.sampled_from((60, 120, 180)) | some.integers(1, 500)
HISTORIES = some.lists(some.tuples(MINUTES, HAPPENINGS), max_size=14)
QUICK = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
LONG = settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))


def seen_by_engine(world: World) -> list[Clock]:
    outcomes = {MilestoneState.MET: "met", MilestoneState.CANCELLED: "cancelled"}
    return sorted(
        Clock(
            key=one.key,
            occurrence=one.occurrence,
            started=one.started_ms,
            used=one.used_ms if one.met_ms else 0,
            outcome=outcomes.get(one.state, ""),
            met=one.met_ms,
            missed=one.missed_ms,
        )
        for one in world.facts.milestones
    )


def seen_by_reference(reference: Reference) -> list[Clock]:
    return sorted(replace(clock, used=clock.used if clock.met else 0, over_target=False) for clock in reference.clocks)


def play(history: list[tuple[int, str]], *, lazy: bool) -> None:
    """Play a history through both; ``lazy``: the clerk sees to signals only when somebody changes the case."""
    world = World(organisation(*PLANS, hours={"split": SPLIT}), queue="p", opened_ms=START)
    reference = Reference(now=START)
    reference.happen("opened")
    world.decide(START)
    for minutes, what in history:
        now = reference.now + minutes * MINUTE
        reference.wait(now)
        reference.happen(what)
        reference.look()
        if not lazy:
            world.run_timers(now - 1)
        if what in ("message", "reply"):
            world.tell(SignalKind.MESSAGE if what == "message" else SignalKind.REPLY, now)
        if what.startswith("priority:"):
            world.decide(now, priority=int(what.removeprefix("priority:")))
        elif what.startswith("queue:"):
            world.decide(now, queue=what.removeprefix("queue:"))
        elif what in STATUSES:
            world.decide(now, status=what)
        elif not lazy or what == "look":
            world.decide(now)
    world.decide(reference.now)
    assert seen_by_engine(world) == seen_by_reference(reference)
    assert len({line.data["milestone"] for line in world.lines}) <= 3


@QUICK
@given(HISTORIES, some.booleans())
def test_histories(history: list[tuple[int, str]], lazy: bool) -> None:
    play(history, lazy=lazy)


@pytest.mark.long
@LONG
@given(HISTORIES, some.booleans())
def test_histories_at_length(history: list[tuple[int, str]], lazy: bool) -> None:
    play(history, lazy=lazy)


@QUICK
@given(some.integers(1, 4_000), some.integers(0, 4_000), some.integers(0, 4_000))
def test_when_the_clerk_comes_makes_no_difference(reply: int, first_look: int, second_look: int) -> None:
    """A reply's signal may be seen before or after the miss, and after any number of looks."""
    outcomes = []
    for looks in ((), (first_look,), (first_look, second_look)):
        world = World(organisation(*PLANS, hours={"split": SPLIT}), queue="p", opened_ms=START)
        for look in sorted(looks):
            world.decide(START + look * MINUTE)
        world.tell(SignalKind.REPLY, START + reply * MINUTE)
        world.decide(START + 3 * DAY)
        first = world.last("first_response")
        outcomes.append((first.met_ms, first.missed_ms, first.used_ms))
    assert outcomes[0] == outcomes[1] == outcomes[2]
