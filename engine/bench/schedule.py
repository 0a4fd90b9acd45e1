"""When things arrive: fixed beforehand, so that a slow engine cannot slow its own load down. Pure.

Arrivals are Poisson (exponential gaps), as those of independent customers are: a regular beat would hide queueing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator


def arrivals(rate: float, seconds: float, *, seed: int) -> list[float]:
    """Return the times of arrivals from 0 to ``seconds`` at ``rate`` a second; the same for the same seed."""
    if rate <= 0 or seconds <= 0:
        return []
    chance = random.Random(seed)
    times: list[float] = []
    at = chance.expovariate(rate)
    while at < seconds:
        times.append(at)
        at += chance.expovariate(rate)
    return times


def regular(rate: float, count: int) -> Iterator[float]:
    """Yield ``count`` evenly spaced times at ``rate`` a second."""
    for number in range(count):
        yield number / rate
