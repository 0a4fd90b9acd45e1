"""Everything that one run found, for a person's table and for a program. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from engine.bench.histogram import Summary
from engine.bench.routing.options import Options
from engine.bench.routing.result import (
    BACKLOG,
    BULLMQ,
    GENERALISTS,
    POSTGRES,
    ROUTER,
    SLOW_MS,
    SPARE,
    Case,
    Forks,
    Series,
    dearer,
    find,
    ratios,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Idle:
    """Shares of a core used while nobody was online."""

    server: float = 0.0
    engine: float = 0.0


@dataclass
class Outcome:
    """One run."""

    options: Options
    machine: Mapping[str, str | float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)  # peer → why, and what brings it
    slow: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # phase → function → milliseconds
    forks: Forks = field(default_factory=lambda: Forks(count=0, longest_ms=0.0))
    paces: dict[str, float] = field(default_factory=dict)  # what the set-up managed, a second
    item_bytes: int = 0  # of the board, for each waiting item; the event stream left out
    agent_bytes: int = 0  # … for each agent, configured and signed in, without work
    idle_empty: Idle = field(default_factory=Idle)
    idle_waiting: Idle = field(default_factory=Idle)
    new_signatures: int = 0
    gap: Summary | None = None
    waited: float = 0.0  # share of the measured time in which Valkey was ready to run and had no processor
    seconds: float = 0.0

    def add_slow(self, phase: str, calls: Mapping[str, Sequence[float]]) -> None:
        """Take note of slow calls."""
        for function, times in calls.items():
            self.slow.setdefault(phase, {}).setdefault(function, []).extend(times)

    def slow_count(self) -> int:
        """Return how many calls were slow."""
        return sum(len(times) for calls in self.slow.values() for times in calls.values())

    def durability(self) -> Mapping[str, str]:
        """Return what each server promises when it answers."""
        postgres = "fsync on, synchronous_commit on, one commit for each batch"
        return {"valkey": f"appendfsync {self.options.fsync}", "postgres": postgres}

    def method(self) -> Mapping[str, str]:
        """Return how concurrency and batches are made equal."""
        most = self.options.concurrency
        return {
            ROUTER: f"{most} lifecycles under way, one call each at a time; calls that wait go as one pipeline",
            BULLMQ: f"worker with concurrency {most}; {3 * most} more wait; new ones by addBulk; finished ones removed",
            POSTGRES: f"4 connections with a batch of {max(1, most // 4)} each; one call and one commit for each batch",
        }

    def flatness(self) -> dict[str, dict[str, float]]:
        """Return how much dearer a lifecycle is with many waiting, and with many agents."""
        many = self._router_case(BACKLOG)
        few_waiting = replace(many, waiting=self.options.waiting_few)
        few_agents = replace(few_waiting, agents=self.options.agents_few)
        one, two, three = (find(self.series, case) for case in (many, few_waiting, few_agents))
        return {"waiting": dict(dearer(two, one)), "agents": dict(dearer(three, two))}

    def generalists(self) -> dict[str, dict[str, float]]:
        """Return how much dearer a lifecycle is where everybody can do everything."""
        found = {}
        for case in (self._router_case(SPARE), replace(self._router_case(BACKLOG), waiting=self.options.waiting_few)):
            pair = find(self.series, case), find(self.series, replace(case, staff=GENERALISTS))
            found[case.regime] = dict(dearer(*pair))
        return found

    def as_mapping(self) -> dict[str, Any]:
        """Return everything for JSON."""
        options = self.options
        return {
            "command": options.command,
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "durability": dict(self.durability()),
            "method": dict(self.method()),
            "plan": {
                **asdict(options.shape),
                "waiting": options.waiting,
                "orders": list(options.orders),
                "runs": options.runs,
                "seconds": options.seconds,
                "concurrency": options.concurrency,
            },
            "missing": dict(self.missing),
            "cases": [one.as_mapping() for one in self.series],
            "ratio_to_bullmq": ratios(self.series, BULLMQ),
            "ratio_to_postgres": ratios(self.series, POSTGRES),
            "flatness": self.flatness(),
            "generalists": self.generalists(),
            "slow_calls": {"over_ms": SLOW_MS, "count": self.slow_count(), "by_phase": self._slow()},
            "set_up_per_s": {what: round(pace, 1) for what, pace in self.paces.items()},
            "new_signatures": self.new_signatures,
            "server_waited": round(self.waited, 4),
            "forks": asdict(self.forks),
            "memory_bytes": {"per_waiting_item": self.item_bytes, "per_agent": self.agent_bytes},
            "nobody_online": {
                "seconds": options.idle_s,
                "empty": asdict(self.idle_empty),
                "waiting": asdict(self.idle_waiting),
            },
            "end_to_offer": self.gap.as_mapping() if self.gap else {},
            "seconds": round(self.seconds, 1),
        }

    def _router_case(self, regime: str) -> Case:
        waiting = self.options.waiting if regime == BACKLOG else 0
        return Case(
            system=ROUTER,
            regime=regime,
            order=self.options.orders[0],
            agents=self.options.shape.agents,
            waiting=waiting,
        )

    def _slow(self) -> dict[str, dict[str, dict[str, float]]]:
        return {
            phase: {function: {"count": len(times), "max_ms": max(times)} for function, times in sorted(calls.items())}
            for phase, calls in self.slow.items()
            if calls
        }
