"""Where the engine says its time went: the histograms of /metrics, as they grew during a step. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A histogram's name and labels, without ``le``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What one histogram saw."""

    name: str
    labels: Mapping[str, str]
    count: float
    mean_ms: float
    p99_ms: float  # upper bound of the bucket; -1: beyond the last

    def as_mapping(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return {
            "name": self.name,
            "labels": dict(self.labels),
            "count": int(self.count),
            "mean_ms": round(self.mean_ms, 3),
            "p99_ms": self.p99_ms,
        }


@dataclass(slots=True)
class _Grown:
    buckets: dict[float, float]
    total: float = 0.0
    count: float = 0.0


def histograms(text: str) -> dict[Series, _Grown]:
    """Read every histogram of a Prometheus text."""
    found: dict[Series, _Grown] = {}
    for family in text_string_to_metric_families(text):
        if family.type != "histogram":
            continue
        for one in family.samples:
            labels = tuple(sorted((key, value) for key, value in one.labels.items() if key != "le"))
            series = found.setdefault((family.name, labels), _Grown({}))
            if one.name.endswith("_bucket"):
                series.buckets[float(one.labels["le"])] = one.value
            elif one.name.endswith("_sum"):
                series.total = one.value
            elif one.name.endswith("_count"):
                series.count = one.value
    return found


def spent(before: str, after: str) -> list[Spent]:
    """Return what grew between two texts, the greatest total time first."""
    old, result = histograms(before), []
    for series, now in histograms(after).items():
        was = old.get(series, _Grown({}))
        count = now.count - was.count
        if count <= 0:
            continue
        grown = {bound: value - was.buckets.get(bound, 0.0) for bound, value in now.buckets.items()}
        mean_ms = (now.total - was.total) / count * 1000
        name, labels = series
        result.append(Spent(name=name, labels=dict(labels), count=count, mean_ms=mean_ms, p99_ms=_p99_ms(grown, count)))
    return sorted(result, key=lambda one: -one.mean_ms * one.count)


def _p99_ms(buckets: Mapping[float, float], count: float) -> float:
    for bound in sorted(buckets):
        if buckets[bound] >= 0.99 * count:
            return -1.0 if bound == float("inf") else round(bound * 1000, 3)
    return -1.0
