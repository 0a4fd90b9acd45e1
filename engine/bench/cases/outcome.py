"""What a run of `cordboard bench cases` gave, for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.bench.histogram import Histogram


@dataclass
class Measured:
    """One kind of request."""

    name: str
    aim_ms: float
    latencies: Histogram = field(default_factory=Histogram)
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)  # status and slug → how often

    @property
    def rate(self) -> float:
        """Return requests answered per second."""
        return self.latencies.count / self.seconds if self.seconds else 0.0


@dataclass
class Outcome:
    """Everything that was measured."""

    machine: Mapping[str, str | float]
    messages: int
    cases: int
    at_once: int
    fill_s: float = 0.0
    index_s: float = 0.0
    indexed: bool = False  # the search index had everything when it was measured
    kinds: list[Measured] = field(default_factory=list)

    def as_mapping(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "machine": dict(self.machine),
            "messages": self.messages,
            "cases": self.cases,
            "at_once": self.at_once,
            "fill_s": round(self.fill_s, 1),
            "index_s": round(self.index_s, 1),
            "indexed": self.indexed,
            "kinds": {
                one.name: {
                    **one.latencies.summary().as_mapping(),
                    "rate": round(one.rate, 1),
                    "aim_ms": one.aim_ms,
                    "faults": one.faults,
                }
                for one in self.kinds
            },
        }


def print_report(outcome: Outcome, console: Console) -> None:
    """Print everything."""
    machine = ", ".join(f"{name} {value}" for name, value in outcome.machine.items())
    console.print(f"\n[bold]Machine[/]  {machine}", highlight=False)
    index = "indexed" if outcome.indexed else "the search index had not taken in everything"
    console.print(
        f"[bold]Record[/]  {outcome.messages:,} messages, {outcome.cases:,} cases; written in {outcome.fill_s:.0f} s, "
        f"{index} after {outcome.index_s:.0f} s more; {outcome.at_once} requests at once",
        highlight=False,
    )
    table = Table(title="Requests over HTTP", title_justify="left")
    table.add_column("")
    for name in ("count", "per s", "p50 ms", "p99 ms", "max ms", "aim p99"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in outcome.kinds:
        told = one.latencies.summary()
        aim = f"{one.aim_ms:.0f}" if one.aim_ms else ""
        figures = (f"{one.rate:.0f}", f"{told.p50_ms:.1f}", f"{told.p99_ms:.1f}", f"{told.max_ms:.1f}", aim)
        table.add_row(one.name, str(told.count), *figures)
    console.print(table)
    for one in outcome.kinds:
        for fault, count in one.faults.items():
            console.print(f"[yellow]Not counted[/]  {one.name}: {count} × {fault}", highlight=False)
