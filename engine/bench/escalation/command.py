"""The command ``cordboard bench escalation``: how late the steps of escalations are.

A whole engine in a process of its own over a record full of cases with three running milestones each, that it knows:
they are in its search index, and their clocks are those of its configuration. From a set time on so many steps a
second are due: each raises a priority and alerts the supervisors. The record is looked at ten times a second; a step
is as late as it is seen to be committed, so that the looking itself counts against the engine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from engine.bench.engine_process import EngineProcess, write_configuration
from engine.bench.escalation.filling import (
    CLOCKS_TOLD,
    ESCALATIONS,
    NOT_INDEXED,
    PLANS,
    Lite,
    Load,
    Postgres,
    Record,
    fill_measured,
    fill_others,
)
from engine.bench.histogram import Histogram, summarise
from engine.bench.machine import describe_machine
from engine.bench.usage import sample
from engine.errors import InvalidInput, Unavailable

DESCRIPTION = """\
Measure how late the steps of escalations are while many cases wait for theirs.

Starts an engine of its own (embedded Valkey, SQLite with synchronous=FULL, a temporary data directory), writes cases
with three running milestones each into its record, and lets steps come due at a rate.
"""
EPILOG = """\
Examples:
  cordboard bench escalation
  cordboard bench escalation --cases 100000 --rate 400 --json result.json
  cordboard bench escalation --database postgresql://postgres@127.0.0.1/empty

Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
"""
LOOK_EVERY_S = 0.1
LOOK_BACK_MS = 120_000
"""Further than any step that is late may lie between being taken and being seen."""
PATIENCE_S = 90.0
READY_S = 600.0
"""For the engine to know what was written."""
LAG = "case_lag_seconds"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One run."""

    cases: int
    rate: float
    seconds: float
    lead_s: float
    database: str
    directory: Path | None
    json_file: Path | None


@dataclass
class Outcome:
    """What was measured."""

    machine: dict[str, str | float] = field(default_factory=dict)
    lateness: Histogram = field(default_factory=Histogram)
    fill_s: float = 0.0
    took_s: float = 0.0  # from the first due time until the last step was seen
    missing: int = 0
    overdue: int = 0  # due before the engine was ready; not among the others
    lag_s: float = 0.0  # the most that the engine showed
    cpu_s: float = 0.0  # that the engine and its board used meanwhile

    def as_mapping(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "machine": self.machine,
            **summarise({"lateness": self.lateness}),
            "fill_s": round(self.fill_s, 3),
            "took_s": round(self.took_s, 3),
            "missing": self.missing,
            "overdue": self.overdue,
            "lag_shown_s": round(self.lag_s, 3),
            "cpu_s": round(self.cpu_s, 3),
        }


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse ends the process with 2 on wrong use. Raises InvalidInput."""
    parser = argparse.ArgumentParser(
        prog="cordboard bench escalation",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--cases", type=int, default=20_000, metavar="N", help="cases with three milestones each (default 20000)")
    add("--rate", type=float, default=200.0, metavar="N", help="steps due a second (default 200)")
    add("--seconds", type=float, default=30.0, metavar="N", help="for so long (default 30)")
    add("--lead", type=float, default=15.0, metavar="S", help="from writing the measured cases to the first step (15)")
    add("--database", default="", metavar="URL", help="PostgreSQL instead of SQLite: an empty database")
    add("--directory", type=Path, metavar="DIR", help="where the temporary data lies (default: the system's)")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
    given = parser.parse_args(arguments)
    if min(given.cases, given.rate, given.seconds) <= 0:
        raise InvalidInput("--cases, --rate and --seconds are more than 0.")
    return Options(
        cases=given.cases,
        rate=given.rate,
        seconds=given.seconds,
        lead_s=given.lead,
        database=given.database,
        directory=given.directory,
        json_file=given.json,
    )


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises CordboardError."""
    options = read_options(arguments)
    console = Console(stderr=options.json_file is None and not sys.stdout.isatty())
    outcome = asyncio.run(measure(options, console))
    _print(options, outcome, Console())
    if options.json_file is not None:
        plan = {"cases": options.cases, "rate": options.rate, "seconds": options.seconds}
        text = json.dumps({"plan": plan, **outcome.as_mapping()}, indent=2)
        options.json_file.write_text(text + "\n", encoding="utf-8")
    return 0


async def measure(options: Options, console: Console) -> Outcome:
    """Measure everything; raises CordboardError."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console, transient=True, refresh_per_second=2) as progress,
        tempfile.TemporaryDirectory(prefix="cordboard-bench-", dir=options.directory) as made,
    ):
        directory = Path(made)
        task = progress.add_task("Starting the engine", total=None)
        await asyncio.to_thread(_configure, directory / "config")
        engine = EngineProcess(data=directory / "data", config=directory / "config", database_url=options.database)
        try:
            return await _Run(options, engine, directory=directory, progress=progress, task=task).run()
        finally:
            await engine.stop()


def _configure(directory: Path) -> None:
    write_configuration(directory, agents=1)
    (directory / "plans.yaml").write_text(PLANS, encoding="utf-8")
    (directory / "escalations.yaml").write_text(ESCALATIONS, encoding="utf-8")


class _Run:
    """One run over one engine."""

    def __init__(
        self, options: Options, engine: EngineProcess, *, directory: Path, progress: Progress, task: TaskID
    ) -> None:
        self._options = options
        self._engine = engine
        self._directory = directory
        self._progress = progress
        self._task = task
        self._outcome = Outcome()
        self._seen: set[str] = set()
        self._from_ms = 0

    async def run(self) -> Outcome:
        """Fill, let the engine get to know the cases, watch."""
        options, outcome = self._options, self._outcome
        database = "PostgreSQL" if options.database else "SQLite synchronous=FULL"
        await self._engine.start()  # makes the schema and the organisation
        outcome.machine = await asyncio.to_thread(describe_machine, self._directory, database=database)
        file = self._directory / "data" / "cordboard.sqlite3"
        record: Record = await asyncio.to_thread(Postgres, options.database) if options.database else Lite(file)
        await self._until(lambda: record.count(CLOCKS_TOLD) == 1, "Clocks")
        await self._engine.stop()
        load = Load(cases=options.cases, rate=options.rate, seconds=options.seconds, lead_s=options.lead_s)
        await self._write(fill_others(record, load))
        await asyncio.to_thread(record.finish)
        await self._engine.start()
        await self._until(lambda: record.count(NOT_INDEXED) == 0, "Indexing")
        self._from_ms = int(time.time() * 1000)
        await self._write(fill_measured(record, load))
        self._progress.update(self._task, description="Waiting for the first step", total=load.steps, completed=0)
        token = await self._engine.admin_token()
        await asyncio.sleep(max(0.0, load.first_ms / 1000 - time.time()))
        before = await asyncio.to_thread(sample, self._engine.pid)
        await self._watch(record, load, token)
        after = await asyncio.to_thread(sample, self._engine.pid)
        outcome.cpu_s = sum(after.cpu_s.values()) - sum(before.cpu_s.values())
        outcome.missing = load.steps - len(self._seen)
        return outcome

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds of the record; raise Unavailable after a long time."""
        self._progress.update(self._task, description=what, total=None)
        end_s = time.monotonic() + READY_S
        while not await asyncio.to_thread(holds):
            if time.monotonic() > end_s:
                raise Unavailable(f"{what}: not done within {READY_S:g} s")
            await asyncio.sleep(1)

    async def _write(self, cases: Iterator[int]) -> None:
        began = time.perf_counter()
        self._progress.update(self._task, description="Writing cases", total=self._options.cases)
        while count := await asyncio.to_thread(next, cases, 0):
            self._progress.update(self._task, completed=count)
        self._outcome.fill_s += time.perf_counter() - began

    async def _watch(self, record: Record, load: Load, token: str) -> None:
        """Look until every step was seen, or patience ends."""
        end_s = load.first_ms / 1000 + load.seconds + PATIENCE_S
        last_lag_s = 0.0
        async with httpx.AsyncClient(timeout=5) as http:
            headers = {"Authorization": f"Bearer {token}"}
            while len(self._seen) < load.steps and time.time() < end_s:
                await self._look(record, load)
                if time.time() - last_lag_s > 1:
                    last_lag_s = time.time()
                    await self._read_lag(http, headers)
                await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self, record: Record, load: Load) -> None:
        found = await asyncio.to_thread(record.fired, int(time.time() * 1000) - LOOK_BACK_MS)
        now_s = time.time()
        for case_id, due_ms in found:
            if case_id not in self._seen:
                self._seen.add(case_id)
                if due_ms >= self._from_ms:
                    self._outcome.lateness.record(now_s - due_ms / 1000)
                else:
                    self._outcome.overdue += 1
                self._outcome.took_s = now_s - load.first_ms / 1000
        self._progress.update(self._task, completed=len(self._seen), description="Steps taken")

    async def _read_lag(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        try:
            answer = await http.get(f"{self._engine.url}/metrics", headers=headers)
        except httpx.HTTPError:
            return
        for line in answer.text.splitlines():
            name, _, value = line.rpartition(" ")
            if name.endswith(LAG) and not line.startswith("#"):
                self._outcome.lag_s = max(self._outcome.lag_s, float(value))


def _print(options: Options, outcome: Outcome, console: Console) -> None:
    one = outcome.lateness.summary()
    console.print(f"{outcome.machine.get('record')}, {outcome.machine.get('processor')}", highlight=False)
    console.print(
        f"{options.cases:,} cases, 3 milestones each; {options.rate:g} steps due a second for {options.seconds:g} s",
        highlight=False,
    )
    console.print(
        f"late: p50 {one.p50_ms:.0f} ms, p90 {one.p90_ms:.0f} ms, p99 {one.p99_ms:.0f} ms, most {one.max_ms:.0f} ms",
        highlight=False,
    )
    taken = one.count + outcome.overdue
    rate = taken / outcome.took_s if outcome.took_s else 0.0
    console.print(
        f"taken: {taken:,} at {rate:.0f} a second; missing {outcome.missing:,}; overdue before the engine was ready "
        f"{outcome.overdue:,}; the engine showed a lag of up to {outcome.lag_s:.1f} s, and used "
        f"{outcome.cpu_s / max(taken, 1) * 1000:.1f} ms of processor time for each step",
        highlight=False,
    )
