"""What a run gave, for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.bench.metrics import Spent
from engine.bench.plan import IdleResult, Plan, StepResult

AIM_RELAY_MS, AIM_OFFER_MS, AIM_RATE = 20.0, 50.0, 1_000
GENERATOR_BUSY = 0.85
LATE_MS = 20.0
STOLEN = 0.02
"""More processors than this withheld by the host of a virtual machine show in a p99: it does so for long at a time."""
_MOST_SPENT = 8


@dataclass
class Outcome:
    """Everything that was measured."""

    machine: Mapping[str, str | float]
    plan: Plan
    steps: list[StepResult] = field(default_factory=list)
    cpu: list[Mapping[str, float]] = field(default_factory=list)  # of each step: process → share of a core
    stolen: list[float] = field(default_factory=list)  # of each step: processors that the machine's host withheld
    spent: list[list[Spent]] = field(default_factory=list)
    idle: IdleResult | None = None
    idle_bytes: int = 0  # that the idle sockets added, all processes
    idle_cpu: Mapping[str, float] = field(default_factory=dict)

    def ceiling(self) -> int:
        """Return the greatest rate that held; 0 when none did."""
        return max((one.rate for one in self.steps if not one.broken(self.plan)), default=0)

    def as_mapping(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "machine": dict(self.machine),
            "plan": {
                "chats_per_s": self.plan.chats_per_s,
                "chat_s": self.plan.chat_s,
                "agents": len(self.plan.agents),
                "idle": self.plan.idle,
                "rates": [step.rate for step in self.plan.steps],
            },
            "steps": [self._step(index) for index in range(len(self.steps))],
            "idle": self._idle(),
            "ceiling": {"messages_per_s": self.ceiling(), "broke": self.broke()},
        }

    def broke(self) -> bool:
        """Say whether the last step was too much."""
        return bool(self.steps) and self.steps[-1].broken(self.plan)

    def _step(self, index: int) -> dict[str, Any]:
        step = self.steps[index]
        fields = ("rate", "seconds", "messages", "sent", "acknowledged", "relayed", "chats", "offers", "errors")
        return {
            **{name: getattr(step, name) for name in fields},
            "achieved": round(step.achieved, 4),
            "broken": step.broken(self.plan),
            "latencies": step.latencies,
            "calm": step.calm,
            "generator_cpu": round(step.generator_cpu, 3),
            "generator_was_bottleneck": generator_was_bottleneck(step),
            "cpu": {name: round(share, 3) for name, share in self.cpu[index].items()},
            "stolen": round(self.stolen[index], 3),
            "spent": [one.as_mapping() for one in self.spent[index]],
        }

    def _idle(self) -> dict[str, Any]:
        if self.idle is None:
            return {}
        connected = max(self.idle.connected, 1)
        return {
            "wanted": self.idle.wanted,
            "connected": self.idle.connected,
            "errors": self.idle.errors,
            "bytes_each": self.idle_bytes // connected,
            "cpu": {name: round(share, 3) for name, share in self.idle_cpu.items()},
        }


def generator_was_bottleneck(step: StepResult) -> bool:
    """Say whether the numbers of a step tell of the load generator instead of the engine."""
    return step.generator_cpu > GENERATOR_BUSY or step.latencies["lateness"]["p99_ms"] > LATE_MS


def print_report(outcome: Outcome, console: Console) -> None:
    """Print the tables."""
    machine = ", ".join(f"{name} {value}" for name, value in outcome.machine.items())
    console.print(f"\n[bold]Machine[/]  {machine}", highlight=False)
    console.print(_latencies(outcome))
    console.print("p50 / p99 / max in milliseconds, from the scheduled time of each message or chat.", style="dim")
    _print_calm(outcome, console)
    _print_idle(outcome, console)
    _print_spent(outcome, console)
    _print_verdict(outcome, console)


def _latencies(outcome: Outcome) -> Table:
    table = Table(title="Chat", title_justify="left")
    for name in ("messages/s", "arrived", "visitor → agent", "visitor → ack", "agent → visitor", "new chat → offer"):
        table.add_column(name, justify="right")
    table.add_column("processor, cores", justify="right")
    table.add_column("generator", justify="right")
    for index, step in enumerate(outcome.steps):
        cpu = "  ".join(f"{name} {share:.2f}" for name, share in outcome.cpu[index].items()) or "?"
        late = step.latencies["lateness"]["p99_ms"]
        table.add_row(
            str(step.rate),
            f"{step.achieved:.1%}",
            *(_three(step.latencies[name]) for name in ("relay", "ack", "reply", "offer")),
            cpu,
            f"{step.generator_cpu:.2f}, late {late:.1f} ms",
            style="red" if step.broken(outcome.plan) else None,
        )
    return table


def _print_calm(outcome: Outcome, console: Console) -> None:
    """Print what pauses of the machine did not disturb, where they disturbed something."""
    for step in outcome.steps:
        if not step.calm or step.calm["relay"]["count"] == step.latencies["relay"]["count"]:
            continue
        share = step.calm["relay"]["count"] / max(step.latencies["relay"]["count"], 1)
        named = (("visitor → agent", "relay"), ("agent → visitor", "reply"), ("new chat → offer", "offer"))
        told = ", ".join(f"{label} {_three(step.calm[name])}" for label, name in named)
        console.print(
            f"At {step.rate}/s without what fell into pauses of this machine ({share:.0%} of the messages): {told}",
            highlight=False,
        )


def _three(summary: Mapping[str, float]) -> str:
    return f"{_short(summary['p50_ms'])} / {_short(summary['p99_ms'])} / {_short(summary['max_ms'])}"


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 100 else f"{milliseconds:.0f}"


def _print_idle(outcome: Outcome, console: Console) -> None:
    if outcome.idle is None:
        return
    numbers = outcome.as_mapping()["idle"]
    cpu = ", ".join(f"{name} {share:.1%}" for name, share in outcome.idle_cpu.items()) or "unknown"
    kib = numbers["bytes_each"] / 1024
    console.print(
        f"\n[bold]Waiting in silence[/]  {numbers['connected']} of {numbers['wanted']} sockets, {kib:.0f} KiB each"
        f" (all processes), processor meanwhile: {cpu} of a core",
        highlight=False,
    )


def _print_spent(outcome: Outcome, console: Console) -> None:
    index = next((at for at in range(len(outcome.steps) - 1, -1, -1) if outcome.spent[at]), None)
    if index is None:
        return
    table = Table(title=f"Where the engine's time went at {outcome.steps[index].rate} messages/s", title_justify="left")
    for name in ("measured by the engine", "per second", "mean ms", "p99 ≤ ms"):
        table.add_column(name, justify="left" if name.startswith("measured") else "right")
    for one in outcome.spent[index][:_MOST_SPENT]:
        labels = " ".join(f"{name}={value}" for name, value in one.labels.items())
        bound = "?" if one.p99_ms < 0 else f"{one.p99_ms:g}"
        rate = one.count / outcome.steps[index].seconds
        table.add_row(f"{one.name} {labels}".strip(), f"{rate:.0f}", f"{one.mean_ms:.2f}", bound)
    console.print(table)


def _print_verdict(outcome: Outcome, console: Console) -> None:
    broke = f"broke at {outcome.steps[-1].rate}" if outcome.broke() else "not reached"
    console.print(f"\n[bold]Ceiling[/]  {outcome.ceiling()} messages/s held, {broke}.", highlight=False)
    for step in _within_aim(outcome.steps):
        relay, offer = step.latencies["relay"]["p99_ms"], step.latencies["offer"]["p99_ms"]
        console.print(
            f"[bold]Aim[/]  at {step.rate}/s: relay p99 {relay:.1f} ms (≤ {AIM_RELAY_MS:g}),"
            f" offer p99 {offer:.1f} ms (≤ {AIM_OFFER_MS:g})",
            highlight=False,
        )
    busy = [str(step.rate) for step in outcome.steps if generator_was_bottleneck(step)]
    if busy:
        console.print(
            f"[yellow]At {', '.join(busy)} messages/s the load generator itself was late or busy: the engine may do"
            " better than shown.[/]"
        )
    for step, stolen in zip(outcome.steps, outcome.stolen, strict=True):
        if stolen > STOLEN:
            console.print(
                f"[yellow]At {step.rate} messages/s the host of this machine withheld {stolen:.2f} of a processor: the"
                " engine may do better than shown.[/]"
            )
    errors = {name: count for step in outcome.steps for name, count in step.errors.items()}
    if errors:
        console.print(f"[yellow]Errors: {errors}[/]", highlight=False)


def _within_aim(steps: Sequence[StepResult]) -> list[StepResult]:
    return [step for step in steps if step.rate <= AIM_RATE]
