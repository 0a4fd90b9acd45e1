"""How long work will still wait: a band from the pace at which a queue's work was handed out lately. Pure.

While anybody who may have it has room, nobody waits; so the wait of whoever stands at place *n* is the time until the
*n*-th hand-out from now, less those ahead who give up. With hand-outs as a Poisson process whose rate is known from
*m* of them only, that time is distributed as a ratio of two gamma variables, which is Fisher's F. The formula and
its source are in docs/explanation/wait-estimate.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MEMORY_MS = 600_000.0
"""Time under load after which what was seen counts a third."""
LEAST_SEEN = 5.0
"""Fewer hand-outs than this make no estimate."""
EXACT = 200
"""Up to this place the hand-outs ahead are added one by one; beyond, by an integral."""
Z20 = 0.8416212335729143
"""The standard normal's 80th percentile: the band is from the 20th to the 80th."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast a queue moves."""

    rate: float  # hand-outs per millisecond while work waits
    leave: float  # how many of those who wait give up, per millisecond and head
    seen: float  # hand-outs that the rate was learned from, older ones counting less
    offered: int = 0  # offered now: ahead of all who wait


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A wait in milliseconds: with 60 % between ``low_ms`` and ``high_ms``, as often below as above."""

    low_ms: float
    middle_ms: float
    high_ms: float


class PaceMeter:
    """Learn a queue's pace from what is seen at intervals. Time with nobody waiting teaches nothing."""

    def __init__(self, memory_ms: float = MEMORY_MS) -> None:
        self._memory_ms = memory_ms
        self._at_ms = -1
        self._waiting = self._offered = 0
        self._handed_out = self._left = self._busy_ms = self._waited_ms = 0.0

    def note(self, *, at_ms: int, waiting: int, offered: int, handed_out: int, left: int) -> None:
        """Note how many wait now, and how many were handed out and gave up since the last time."""
        passed = at_ms - self._at_ms
        if self._at_ms >= 0 and passed > 0 and self._waiting and waiting:
            kept = math.exp(-passed / self._memory_ms)
            self._handed_out = self._handed_out * kept + handed_out
            self._left = self._left * kept + left
            self._busy_ms = self._busy_ms * kept + passed
            self._waited_ms = self._waited_ms * kept + passed * (self._waiting + waiting) / 2
        self._at_ms, self._waiting, self._offered = at_ms, waiting, offered

    @property
    def pace(self) -> Pace | None:
        """Return the pace; None while too little was seen."""
        if self._handed_out < LEAST_SEEN or self._busy_ms <= 0:
            return None
        leave = self._left / self._waited_ms if self._waited_ms > 0 else 0.0
        rate = self._handed_out / self._busy_ms
        return Pace(rate=rate, leave=leave, seen=self._handed_out, offered=self._offered)

    @property
    def newcomer_ms(self) -> int:
        """Return what a newcomer has to wait in the middle; 0 when nobody waits, or nothing is known."""
        pace = self.pace
        return round(band(pace, self._waiting + 1).middle_ms) if pace is not None and self._waiting else 0


def band(pace: Pace, position: int) -> Band:
    """Return the wait of whoever stands at ``position``, 1 = next."""
    mean, shape = _time_to(pace, position + pace.offered)
    low, middle, high = (mean * _fisher(2 * shape, 2 * pace.seen, z) for z in (-Z20, 0.0, Z20))
    return Band(low_ms=low, middle_ms=middle, high_ms=high)


def _time_to(pace: Pace, place: int) -> tuple[float, float]:
    """Return mean and shape (mean² ÷ variance) of the time until ``place`` have been handed out or have left."""
    rate, leave = pace.rate, pace.leave
    exact = min(place, EXACT)
    mean = math.fsum(1 / (rate + ahead * leave) for ahead in range(exact))
    variance = math.fsum(1 / (rate + ahead * leave) ** 2 for ahead in range(exact))
    if place > exact:
        start, end = rate + (exact - 0.5) * leave, rate + (place - 0.5) * leave
        mean += math.log(end / start) / leave if leave else (place - exact) / rate
        variance += (1 / start - 1 / end) / leave if leave else (place - exact) / rate**2
    return mean, mean**2 / variance


def _fisher(above: float, below: float, z: float) -> float:
    """Return the quantile of Fisher's F with these degrees of freedom (Paulson 1942); ``z`` is the normal's."""
    a, b = 2 / (9 * above), 2 / (9 * below)
    first, second = 1 - a, 1 - b
    root = math.sqrt(max(0.0, a * second**2 + b * first**2 - a * b * z**2))
    least = second**2 - b * z**2
    if least <= 0:  # hardly anything was seen
        return 0.0 if z < 0 else first**3
    return float(max(0.0, (first * second + z * root) / least) ** 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """What was foretold of one wait, and what became of it."""

    low_ms: float
    high_ms: float
    waited_ms: float
    seen_out: bool  # False: the customer left, or was sent on, before anybody took him

    @property
    def place(self) -> float:
        """Return where in the band it ended: below 1 before it, 1 to 2 in it, above 2 after it."""
        if self.waited_ms < self.low_ms:
            return self.waited_ms / self.low_ms
        width = max(self.high_ms - self.low_ms, 1.0)
        return 1 + (self.waited_ms - self.low_ms) / width


def share_inside(waits: Sequence[Wait]) -> float | None:
    """Return which share of the true waits fell into their band; None without any wait that was seen out.

    Whoever left early would have waited longer than he did, nobody knows how long: he is a censored observation, and
    the estimator is Kaplan and Meier's, over each wait's place in its own band. Some waits may lie beyond the last
    that is known; those count as outside.
    """
    if not any(wait.seen_out for wait in waits):
        return None
    at_risk, surviving, before = len(waits), 1.0, 1.0
    for wait in sorted(waits, key=lambda one: (one.place, not one.seen_out)):
        if wait.place > 2:
            break
        if wait.seen_out:
            surviving *= 1 - 1 / at_risk
        at_risk -= 1
        if wait.place < 1:
            before = surviving
    return before - surviving
