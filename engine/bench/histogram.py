"""A histogram of latencies with a bounded relative error, small enough to keep one for each question.

Buckets grow by a constant factor: a value is off by at most ``ERROR`` of itself, whatever its size. Exact are count,
sum, least and greatest. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

ERROR = 0.01
_GROWTH = (1 + ERROR) / (1 - ERROR)
_LOG_GROWTH = math.log(_GROWTH)
_LEAST_S = 1e-6  # below a microsecond everything is one bucket


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What is said of many latencies, in milliseconds; all zero when there were none."""

    count: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float

    def as_mapping(self) -> dict[str, float]:
        """Return the fields, rounded to microseconds, for JSON."""
        return {name: round(getattr(self, name), 3) for name in self.__slots__}


class Histogram:
    """Count latencies in seconds."""

    __slots__ = ("_buckets", "_count", "_max_s", "_sum_s")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._count = 0
        self._sum_s = 0.0
        self._max_s = 0.0

    @property
    def count(self) -> int:
        """Return how many were recorded."""
        return self._count

    def record(self, seconds: float) -> None:
        """Add one latency; a negative one (a clock's step) counts as zero."""
        seconds = max(seconds, 0.0)
        index = 0 if seconds <= _LEAST_S else math.ceil(math.log(seconds / _LEAST_S) / _LOG_GROWTH)
        self._buckets[index] = self._buckets.get(index, 0) + 1
        self._count += 1
        self._sum_s += seconds
        self._max_s = max(self._max_s, seconds)

    def quantile(self, share: float) -> float:
        """Return the latency in seconds that ``share`` (0 to 1) of all did not exceed; 0 when there are none."""
        if not 0 <= share <= 1:
            raise ValueError("a share lies between 0 and 1")
        wanted = max(1, math.ceil(share * self._count))
        seen = 0
        for index in sorted(self._buckets):
            seen += self._buckets[index]
            if seen >= wanted:
                return min(self._value(index), self._max_s)
        return 0.0

    def summary(self) -> Summary:
        """Return the usual figures."""
        return Summary(
            count=self._count,
            mean_ms=self._sum_s / self._count * 1000 if self._count else 0.0,
            p50_ms=self.quantile(0.5) * 1000,
            p90_ms=self.quantile(0.9) * 1000,
            p99_ms=self.quantile(0.99) * 1000,
            max_ms=self._max_s * 1000,
        )

    @staticmethod
    def _value(index: int) -> float:
        """Return the middle of a bucket: at most ``ERROR`` from either end."""
        return _LEAST_S if index == 0 else _LEAST_S * _GROWTH**index * 2 / (1 + _GROWTH)


def summarise(histograms: Mapping[str, Histogram]) -> dict[str, dict[str, float]]:
    """Return the summaries by name, for JSON."""
    return {name: histogram.summary().as_mapping() for name, histogram in histograms.items()}
