"""The wait estimate against simulated queues: the band holds as often as it says, also when some give up."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from engine.router.estimate import Band, Pace, PaceMeter, Wait, band, share_inside

SECOND = 1_000
STEP_MS = 2 * SECOND
HOUR = 3_600 * SECOND


@dataclass
class Line:
    """A queue with some agents, in virtual time; looked at every two seconds, as in the engine."""

    agents: int
    arrive: Callable[[], float]
    serve: Callable[[], float]
    patience: Callable[[], float]
    meter: PaceMeter = field(default_factory=PaceMeter)
    waits: list[Wait] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    waiting: list[tuple[int, float]] = field(default_factory=list)  # number, gives up at
    promised: dict[int, tuple[float, Band]] = field(default_factory=dict)
    handed_out: int = 0
    left: int = 0

    def run(self, until_ms: float) -> None:
        arrival, number, look = self.arrive(), 0, float(STEP_MS)
        while look < until_ms:
            leaving = min((at for _, at in self.waiting), default=float("inf"))
            free_at = self.busy[0] if self.waiting and len(self.busy) >= self.agents else float("inf")
            now = min(arrival, leaving, free_at, look)
            while self.busy and self.busy[0] <= now:
                heapq.heappop(self.busy)
            if now == look:
                self.look(now)
                look += STEP_MS
            elif now == leaving:
                who = next(one for one in self.waiting if one[1] == leaving)
                self.waiting.remove(who)
                self.over(who[0], now, seen_out=False)
                self.left += 1
            elif now == arrival:
                number += 1
                self.waiting.append((number, now + self.patience()))
                arrival = now + self.arrive()
            self.hand_out(now)

    def hand_out(self, now: float) -> None:
        while self.waiting and len(self.busy) < self.agents:
            who, _ = self.waiting.pop(0)
            self.over(who, now, seen_out=True)
            self.handed_out += 1
            heapq.heappush(self.busy, now + self.serve())

    def look(self, now: float) -> None:
        """Learn, and tell those who have come since what to expect."""
        self.meter.note(
            at_ms=int(now), waiting=len(self.waiting), offered=0, handed_out=self.handed_out, left=self.left
        )
        self.handed_out = self.left = 0
        pace = self.meter.pace
        for place, (who, _) in enumerate(self.waiting, start=1):
            if pace is not None and who not in self.promised:
                self.promised[who] = (now, band(pace, place))

    def over(self, who: int, at: float, *, seen_out: bool) -> None:
        if who in self.promised:
            begun, told = self.promised.pop(who)
            self.waits.append(Wait(low_ms=told.low_ms, high_ms=told.high_ms, waited_ms=at - begun, seen_out=seen_out))


def exponential(dice: random.Random, mean_s: float) -> Callable[[], float]:
    return lambda: dice.expovariate(1 / (mean_s * SECOND))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("agents", "arrive_s", "serve_s", "patience_s"),
    [(10, 19.0, 180.0, 1e6), (10, 15.0, 180.0, 240.0), (40, 4.0, 180.0, 300.0)],
    ids=["busy", "too-many-who-give-up", "many-agents"],
)
def test_the_band_holds_as_often_as_it_says(
    agents: int, arrive_s: float, serve_s: float, patience_s: float, seed: int
) -> None:
    dice = random.Random(seed)
    line = Line(
        agents=agents,
        arrive=exponential(dice, arrive_s),
        serve=exponential(dice, serve_s),
        patience=exponential(dice, patience_s),
    )
    line.run(8 * HOUR)
    inside = share_inside(line.waits)
    assert len(line.waits) > 200
    assert inside is not None
    assert 0.52 <= inside <= 0.7, f"{inside:.2f} of {len(line.waits)}"


def test_the_pace_follows_the_number_of_agents() -> None:
    meter = PaceMeter()
    for step in range(1, 2_000):
        meter.note(at_ms=step * STEP_MS, waiting=50, offered=0, handed_out=1 if step % 5 == 0 else 0, left=0)
    slow = meter.newcomer_ms
    for step in range(2_000, 4_000):
        meter.note(at_ms=step * STEP_MS, waiting=50, offered=0, handed_out=1, left=0)
    assert 480 * SECOND < slow < 540 * SECOND  # 51 hand-outs, 10 s apart
    assert 95 * SECOND < meter.newcomer_ms < 108 * SECOND


def test_time_with_nobody_waiting_teaches_nothing() -> None:
    meter = PaceMeter()
    for step in range(1, 100):
        meter.note(at_ms=step * STEP_MS, waiting=3, offered=0, handed_out=1, left=0)
    before = meter.pace
    for step in range(100, 10_000):
        meter.note(at_ms=step * STEP_MS, waiting=0, offered=0, handed_out=0, left=0)
    after = meter.pace
    assert before is not None
    assert after is not None
    assert after.rate == before.rate
    assert meter.newcomer_ms == 0


def test_too_little_seen_is_no_estimate() -> None:
    meter = PaceMeter()
    assert meter.pace is None
    for step in range(1, 5):
        meter.note(at_ms=step * STEP_MS, waiting=3, offered=0, handed_out=1, left=0)
    assert (meter.pace, meter.newcomer_ms) == (None, 0)


def test_bands_grow_with_the_place_and_shrink_with_what_is_known() -> None:
    pace = Pace(rate=1 / (10 * SECOND), leave=0.0, seen=50.0)
    places = [band(pace, place) for place in (1, 2, 10, 200, 201, 5_000)]
    assert [one.middle_ms for one in places] == sorted(one.middle_ms for one in places)
    assert all(one.low_ms < one.middle_ms < one.high_ms for one in places)
    sure = band(Pace(rate=pace.rate, leave=0.0, seen=5_000.0), 10)
    assert sure.high_ms - sure.low_ms < places[2].high_ms - places[2].low_ms
    assert band(Pace(rate=pace.rate, leave=1e-6, seen=50.0), 5_000).middle_ms < places[-1].middle_ms
    assert band(Pace(rate=pace.rate, leave=0.0, seen=50.0, offered=9), 1).middle_ms == places[2].middle_ms


def test_the_known_quantiles_of_the_gamma_distribution() -> None:
    sure = Pace(rate=1.0, leave=0.0, seen=1e9)  # the rate as good as known
    for place, low, high in ((1, 0.2231, 1.6094), (5, 3.0895, 6.7210), (20, 16.170, 23.634)):
        told = band(sure, place)
        assert told.low_ms == pytest.approx(low, rel=0.03)
        assert told.high_ms == pytest.approx(high, rel=0.03)


def test_who_leaves_early_is_censored() -> None:
    def wait(waited_ms: float, *, seen_out: bool = True) -> Wait:
        return Wait(low_ms=10, high_ms=20, waited_ms=waited_ms, seen_out=seen_out)

    assert share_inside([]) is None
    assert share_inside([wait(5, seen_out=False)]) is None
    assert share_inside([wait(5), wait(15), wait(25), wait(18)]) == pytest.approx(0.5)
    # Who leaves before the band leaves his weight to all who stay longer: 3/4 of them are inside.
    stayed = [wait(15), wait(16), wait(17), wait(25)]
    assert share_inside([*stayed, wait(2, seen_out=False)]) == pytest.approx(0.75)
    assert share_inside([wait(15), wait(30, seen_out=False)]) == pytest.approx(0.5)
