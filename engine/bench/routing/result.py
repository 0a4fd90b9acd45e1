"""What was measured, and what follows from it: medians, ratios, flatness. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ROUTER, BULLMQ, POSTGRES = "cordboard", "bullmq", "postgres"
BACKLOG, SPARE = "backlog", "spare"
SLOW_MS = 5
"""A function call that takes longer holds everybody up too long."""
SPECIALISTS, GENERALISTS = "specialists", "generalists"


@dataclass(frozen=True, kw_only=True, slots=True)
class Forks:
    """How often the server forked to rewrite its file, and the longest pause seen."""

    count: int
    longest_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One measurement of one contestant."""

    done: int  # whole lifecycles
    seconds: float
    server_s: float  # processor time of the server
    client_s: float  # … and of the client

    @property
    def rate(self) -> float:
        """Return lifecycles per second."""
        return self.done / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What is measured over and over."""

    system: str
    regime: str
    order: str = ""  # of the agents; "" where there is none
    staff: str = SPECIALISTS
    agents: int = 0
    waiting: int = 0

    @property
    def name(self) -> str:
        """Return what a person reads."""
        words = [self.system, self.regime, self.order, self.staff if self.staff != SPECIALISTS else ""]
        return " ".join(word for word in words if word)


@dataclass
class Series:
    """All runs of one case."""

    case: Case
    runs: list[Run] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return the median of the lifecycles per second."""
        return self._median([run.rate for run in self.runs])

    @property
    def server_us(self) -> float:
        """Return the server's processor time per lifecycle, in microseconds; the median."""
        return self._median([run.server_s / run.done * 1e6 for run in self.runs if run.done])

    @property
    def client_us(self) -> float:
        """Return the client's processor time per lifecycle, in microseconds; the median."""
        return self._median([run.client_s / run.done * 1e6 for run in self.runs if run.done])

    @property
    def spread(self) -> float:
        """Return (fastest - slowest) / median: how quiet the machine was."""
        rates = [run.rate for run in self.runs]
        return (max(rates) - min(rates)) / self.rate if self.rate else 0.0

    @staticmethod
    def _median(values: Sequence[float]) -> float:
        return statistics.median(values) if values else 0.0

    def as_mapping(self) -> dict[str, object]:
        """Return everything for JSON."""
        case = self.case
        return {
            "system": case.system,
            "regime": case.regime,
            "order": case.order,
            "staff": case.staff,
            "agents": case.agents,
            "waiting": case.waiting,
            "lifecycles_per_s": round(self.rate, 1),
            "runs": [round(run.rate, 1) for run in self.runs],
            "spread": round(self.spread, 3),
            "server_us_per_lifecycle": round(self.server_us, 1),
            "client_us_per_lifecycle": round(self.client_us, 1),
        }


def find(series: Sequence[Series], case: Case) -> Series | None:
    """Return the series of a case, None when it was not measured."""
    return next((one for one in series if one.case == case and one.runs), None)


def ratios(series: Sequence[Series], peer: str) -> dict[str, dict[str, float]]:
    """Return this router's rate divided by a peer's: regime → order → ratio. Empty where the peer is missing."""
    found: dict[str, dict[str, float]] = {}
    theirs = {one.case.regime: one.rate for one in series if one.case.system == peer and one.rate}
    for one in main_series(series):
        if one.case.regime in theirs and one.runs:
            ratio = round(one.rate / theirs[one.case.regime], 3)
            found.setdefault(one.case.regime, {})[one.case.order] = ratio
    return found


def main_series(series: Sequence[Series]) -> list[Series]:
    """Return this router's series with specialists at full size: those that peers are compared with."""
    ours = [one for one in series if one.case.system == ROUTER and one.case.staff == SPECIALISTS]
    most_agents = max((one.case.agents for one in ours), default=0)
    most_waiting = max((one.case.waiting for one in ours), default=0)
    return [
        one
        for one in ours
        if one.case.agents == most_agents and (one.case.regime == SPARE or one.case.waiting == most_waiting)
    ]


def dearer(cheap: Series | None, dear: Series | None) -> Mapping[str, float]:
    """Return how many times more a lifecycle costs in ``dear``: in time, and in the server's processor time."""
    if cheap is None or dear is None or not (cheap.rate and dear.rate and cheap.server_us):
        return {}
    return {
        "time": round(cheap.rate / dear.rate, 3),
        "server": round(dear.server_us / cheap.server_us, 3),
    }
