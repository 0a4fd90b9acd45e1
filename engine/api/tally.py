"""Numbers that are counted with every frame, kept as plain ones until somebody asks for them.

The library's own counters lock and look up at every count, which for frames cost several per cent of the processor.
These belong to one thread: the event loop's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class _Count:
    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0

    def add(self) -> None:
        self.number += 1


class Tally(Collector):
    """A counter with labels."""

    def __init__(self, name: str, description: str, labels: Sequence[str]) -> None:
        self._name = name
        self._description = description
        self._labels = tuple(labels)
        self._counts: dict[tuple[str, ...], _Count] = {}

    def adder(self, *values: str) -> Callable[[], None]:
        """Return what counts one under these labels' values."""
        return self._counts.setdefault(values, _Count()).add

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Tell the numbers (of the library's ``Collector``)."""
        family = CounterMetricFamily(self._name, self._description, labels=self._labels)
        for values, count in list(self._counts.items()):
            family.add_metric(values, count.number)
        yield family


class Spread(Collector):
    """A histogram without labels."""

    def __init__(self, name: str, description: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._description = description
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Tell the numbers (of the library's ``Collector``)."""
        family = HistogramMetricFamily(self._name, self._description)
        bounds = [*(str(bound) for bound in self._bounds), "+Inf"]
        family.add_metric([], list(zip(bounds, accumulate(self._counts), strict=True)), self._sum)
        yield family
