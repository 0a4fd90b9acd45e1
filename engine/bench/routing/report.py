"""The table that a person reads."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from engine.bench.routing.outcome import Idle, Outcome
from engine.bench.routing.result import BULLMQ, POSTGRES, Series, ratios


def print_report(outcome: Outcome, console: Console) -> None:
    """Print everything."""
    machine = ", ".join(f"{name} {value}" for name, value in outcome.machine.items())
    versions = ", ".join(dict.fromkeys(_version(name, text) for name, text in outcome.versions.items()))
    console.print(f"\n[bold]Machine[/]  {machine}", highlight=False)
    console.print(f"[bold]Versions[/]  {versions}", highlight=False)
    for name, text in outcome.durability().items():
        console.print(f"[bold]Durability[/]  {name}: {text}", highlight=False)
    for name, text in outcome.method().items():
        console.print(f"[bold]Equal[/]  {name}: {text}", highlight=False)
    console.print(_cases(outcome))
    console.print(
        "Per s: median of all runs; ±: half of what lies between the slowest and the fastest; µs: processor time of"
        " one lifecycle.",
        style="dim",
    )
    _print_ratios(outcome, console)
    _print_costs(outcome, console)
    _print_slow(outcome, console)
    for name, why in outcome.missing.items():
        console.print(f"[yellow]Missing[/]  {name}: {why}", highlight=False)
    console.print(f"\n[bold]Again[/]  {outcome.options.command}   ({outcome.seconds:.0f} s)", highlight=False)


def _version(name: str, text: str) -> str:
    return text if " " in text else f"{name} {text}"


def _cases(outcome: Outcome) -> Table:
    table = Table(title="Whole lifecycles", title_justify="left")
    table.add_column("")
    for name in ("agents", "waiting", "per s", "±", "server µs", "client µs"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in outcome.series:
        if one.runs:
            table.add_row(*_row(one))
    return table


def _row(one: Series) -> tuple[str, ...]:
    case = one.case
    return (
        case.name,
        f"{case.agents:,}" if case.agents else "",
        f"{case.waiting:,}",
        f"{one.rate:,.0f}",
        f"{one.spread / 2:.0%}",
        f"{one.server_us:.0f}",
        f"{one.client_us:.0f}",
    )


def _print_ratios(outcome: Outcome, console: Console) -> None:
    for peer in (BULLMQ, POSTGRES):
        found = ratios(outcome.series, peer)
        words = [
            f"{regime}, {order} {ratio:.2f}" for regime, orders in found.items() for order, ratio in orders.items()
        ]
        if words:
            console.print(f"[bold]Times the rate of {peer}[/]  {'; '.join(words)}", highlight=False)


def _print_costs(outcome: Outcome, console: Console) -> None:
    options = outcome.options
    flat, general = outcome.flatness(), outcome.generalists()
    lines = {
        f"{options.waiting:,} waiting instead of {options.waiting_few:,}": flat["waiting"],
        f"{options.shape.agents:,} agents instead of {options.agents_few:,}": flat["agents"],
        **{f"generalists instead of specialists, {regime}": factors for regime, factors in general.items()},
    }
    for what, factors in lines.items():
        if factors:
            console.print(f"[bold]Dearer[/]  {what}: {_factors(factors)}", highlight=False)
    paces = "; ".join(f"{what} {pace:,.0f}" for what, pace in outcome.paces.items())
    if paces:
        console.print(f"[bold]A second[/]  {paces}", highlight=False)
    full, empty = outcome.idle_waiting, outcome.idle_empty
    if outcome.agent_bytes:
        console.print(
            f"[bold]Memory[/]  {outcome.item_bytes:,} bytes per waiting item, {outcome.agent_bytes:,} per agent",
            highlight=False,
        )
        console.print(
            f"[bold]Nobody online[/]  {options.waiting:,} and more waiting: {_idle(full)}; empty: {_idle(empty)}",
            highlight=False,
        )
    if outcome.gap is not None:
        gap = outcome.gap
        console.print(
            f"[bold]End of a contact → next offer[/]  one call at a time: p50 {gap.p50_ms:.2f} ms,"
            f" p99 {gap.p99_ms:.2f} ms",
            highlight=False,
        )


def _factors(factors: Mapping[str, float]) -> str:
    return f"{factors['time']:.2f} times the time, {factors['server']:.2f} times the server's processor time"


def _idle(idle: Idle) -> str:
    return f"server {idle.server:.2%} of a core, engine {idle.engine:.2%}"


def _print_slow(outcome: Outcome, console: Console) -> None:
    forks = outcome.forks
    console.print(
        f"[bold]Calls over 5 ms[/]  {outcome.slow_count()}, {outcome.new_signatures} new requirements and mass log-in"
        f" included; forks apart: {forks.count}, the longest {forks.longest_ms:.1f} ms",
        highlight=False,
    )
    console.print(
        f"[bold]Quiet?[/]  Valkey was ready to run and had no processor for {outcome.waited:.1%} of the measured time",
        highlight=False,
    )
    for phase, calls in outcome.slow.items():
        for function, times in sorted(calls.items()):
            console.print(f"  {phase}: {function} {len(times)} times, at most {max(times):.1f} ms", highlight=False)
