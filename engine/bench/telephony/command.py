"""The command ``cordboard bench telephony``: reports of calls in, frames at their agents out."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.bench.engine_process import ORG, EngineProcess, agent_tokens, write_configuration
from engine.bench.histogram import Histogram, summarise
from engine.bench.machine import describe_machine
from engine.bench.telephony.load import SECRET, SOURCE, Exchange, Measured, reports
from engine.bench.usage import sample
from engine.errors import InvalidInput

DESCRIPTION = """\
Measure how soon the agent whose telephone rings, talks or is free again sees it on his socket.

Starts an engine of its own (embedded Valkey, SQLite with synchronous=FULL, a temporary data directory) and posts
signed reports of calls at a rate: each call rings, is answered and ends. Numbers are reported, never judged.
"""
EPILOG = """\
Examples:
  cordboard bench telephony
  cordboard bench telephony --rate 500 --seconds 60 --json result.json

Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
"""
CHANNEL = f"""
  phone:
    kind: voice
    name: Telephone
    queue: chats
    case_policy: manual
    voice: {{ sources: {{ {SOURCE}: {{ secret: {SOURCE}, per_second: 10000, burst: 100000 }} }} }}
"""
RINGS_S, TALKS_S = 1.0, 2.0
WARM_S = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One run."""

    rate: float
    seconds: float
    agents: int
    database: str
    directory: Path | None
    json_file: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was measured."""

    machine: dict[str, str | float]
    measured: Measured
    reports: int
    cpu_s: float

    def as_mapping(self) -> dict[str, Any]:
        """Return everything for JSON."""
        one = self.measured
        return {
            "machine": self.machine,
            "reports": self.reports,
            "frames": summarise(one.frames),
            "frames_without_pauses": summarise(one.calm),
            **summarise({"answers": one.answers, "lateness": one.lateness}),
            "refused": one.refused,
            "missing": one.missing,
            "cpu_s": round(self.cpu_s, 3),
        }


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse ends the process with 2 on wrong use. Raises InvalidInput."""
    parser = argparse.ArgumentParser(
        prog="cordboard bench telephony",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--rate", type=float, default=500.0, metavar="N", help="reports a second (default 500)")
    add("--seconds", type=float, default=30.0, metavar="N", help="calls begin for so long (default 30)")
    add("--agents", type=int, default=300, metavar="N", help="agents with a telephone and a socket (default 300)")
    add("--database", default="", metavar="URL", help="PostgreSQL instead of SQLite: an empty database")
    add("--directory", type=Path, metavar="DIR", help="where the temporary data lie (default: the system's)")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
    given = parser.parse_args(arguments)
    if min(given.rate, given.seconds, given.agents) <= 0:
        raise InvalidInput("--rate, --seconds and --agents are more than 0.")
    return Options(
        rate=given.rate,
        seconds=given.seconds,
        agents=given.agents,
        database=given.database,
        directory=given.directory,
        json_file=given.json,
    )


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises CordboardError."""
    options = read_options(arguments)
    outcome = asyncio.run(measure(options))
    console = Console(stderr=options.json_file is None and not sys.stdout.isatty())
    console.print(_table(outcome))
    if options.json_file is not None:
        options.json_file.write_text(json.dumps(outcome.as_mapping(), indent=2) + "\n", encoding="utf-8")
    return 0


async def measure(options: Options) -> Outcome:
    """Measure; raises CordboardError."""
    with tempfile.TemporaryDirectory(prefix="cordboard-bench-", dir=options.directory) as made:
        directory = Path(made)
        machine = await asyncio.to_thread(describe_machine, directory, database=options.database or "SQLite")
        await asyncio.to_thread(_configure, directory, options.agents)
        engine = EngineProcess(
            data=directory / "data", config=directory / "config", database_url=options.database,
            settings={"metrics_local": "true"},
        )  # fmt: skip
        try:
            await engine.start()
            tokens, _ = await agent_tokens(engine.url, await engine.admin_token())
            return await _measured(options, engine, tokens, machine)
        finally:
            await engine.stop()


async def _measured(
    options: Options, engine: EngineProcess, tokens: list[str], machine: dict[str, str | float]
) -> Outcome:
    exchange = Exchange(engine.url, tokens)
    try:
        await exchange.open()
        of = {"rate": options.rate, "agents": options.agents, "rings_s": RINGS_S, "talks_s": TALKS_S}
        warm = reports(seconds=WARM_S, first=0, **of)  # type: ignore[arg-type]
        await exchange.run(warm)
        planned = reports(seconds=options.seconds, first=len(warm), **of)  # type: ignore[arg-type]
        before = await asyncio.to_thread(sample, engine.pid)
        measured = await exchange.run(planned)
        after = await asyncio.to_thread(sample, engine.pid)
    finally:
        exchange.close()
    cpu_s = sum(after.cpu_s.values()) - sum(before.cpu_s.values())
    return Outcome(machine=machine, measured=measured, reports=len(planned), cpu_s=cpu_s)


def _table(outcome: Outcome) -> Table:
    table = Table(title=f"{outcome.reports} reports, {outcome.measured.missing} not seen, {outcome.cpu_s:.1f} s of CPU")
    for name in ("milliseconds", "p50", "p90", "p99", "most"):
        table.add_column(name, justify="left" if name == "milliseconds" else "right")
    one = outcome.measured
    rows: dict[str, Histogram] = {f"report → frame: {kind}": of for kind, of in one.frames.items()}
    rows |= {f"… without pauses of the machine: {kind}": of for kind, of in one.calm.items()}
    rows |= {"report → answer": one.answers, "generator late": one.lateness}
    for name, of in rows.items():
        said = of.summary()
        table.add_row(name, *(f"{value:.1f}" for value in (said.p50_ms, said.p90_ms, said.p99_ms, said.max_ms)))
    return table


def _configure(directory: Path, agents: int) -> None:
    config = directory / "config"
    write_configuration(config, agents=agents)
    channels = config / "channels.yaml"
    channels.write_text(channels.read_text(encoding="utf-8").rstrip() + CHANNEL, encoding="utf-8")
    profiles = "profiles: { busy: { units: 12, channels: { chat: { weight: 1 }, voice: { exclusive: true } } } }\n"
    (config / "profiles.yaml").write_text(profiles, encoding="utf-8")
    people = config / "agents.yaml"
    text = people.read_text(encoding="utf-8")
    for number in range(agents):
        text = text.replace(
            f"name: Agent {number},", f'name: Agent {number}, phone: {{ extension: "{1_000 + number}" }},'
        )
    people.write_text(text, encoding="utf-8")
    secrets = directory / "data" / "secrets" / "telephony" / ORG
    secrets.mkdir(parents=True)
    (secrets / SOURCE).write_text(SECRET + "\n", encoding="ascii")
