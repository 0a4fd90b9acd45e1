"""The command ``cordboard bench cases``: fill, start the engine, ask, report."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Generator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from engine.bench.cases.options import Options, read_options
from engine.bench.cases.outcome import Measured, Outcome, print_report
from engine.bench.cases.requests import KINDS, Ask, Kind, Sample
from engine.bench.engine_process import EngineProcess, agent_tokens, write_configuration
from engine.bench.machine import describe_machine
from engine.errors import Unavailable

SEED = 4_711
AGENTS = 40
SAMPLES = 300
TIMEOUT_S = 60.0
LOOK_EVERY_S = 1.0
WARM = 5
"""Requests of each kind that are not counted."""


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises CordboardError."""
    options = read_options(arguments)
    console = Console(stderr=options.json_file is None and not sys.stdout.isatty())
    outcome = asyncio.run(measure(options, console))
    print_report(outcome, Console())
    if options.json_file is not None:
        text = json.dumps(outcome.as_mapping(), indent=2, ensure_ascii=False)
        options.json_file.write_text(text + "\n", encoding="utf-8")
    return 0


async def measure(options: Options, console: Console) -> Outcome:
    """Measure everything; raises CordboardError."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=2) as progress:
        task = progress.add_task("Starting the engine", total=None)
        async with _engine(options) as (engine, directory):
            database = "PostgreSQL" if options.database else "SQLite synchronous=FULL"
            machine = await asyncio.to_thread(describe_machine, directory, database=database)
            outcome = Outcome(machine=machine, messages=options.messages, cases=options.cases, at_once=options.at_once)
            began = time.perf_counter()
            progress.update(task, description=f"Writing {options.cases:,} cases")
            await engine.fill(options.cases)
            outcome.fill_s = time.perf_counter() - began
            tokens, _ = await agent_tokens(engine.url, await engine.admin_token())
            async with httpx.AsyncClient(
                base_url=f"{engine.url}/api/v1", auth=_Turns(tokens), timeout=TIMEOUT_S
            ) as http:
                await _Run(options, outcome, http=http, progress=progress, task=task).run()
            return outcome


@contextlib.asynccontextmanager
async def _engine(options: Options) -> AsyncIterator[tuple[EngineProcess, Path]]:
    with contextlib.ExitStack() as stack:
        if options.keep is None:
            made = tempfile.TemporaryDirectory(prefix="cordboard-bench-", dir=options.directory)
            directory = Path(stack.enter_context(made))
        else:
            directory = options.keep
            await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(write_configuration, directory / "config", agents=AGENTS)
        engine = EngineProcess(data=directory / "data", config=directory / "config", database_url=options.database)
        try:
            await engine.start()
            yield engine, directory
        finally:
            await engine.stop()


class _Turns(httpx.Auth):
    """Let each request be another agent's: nobody asks faster than one user may."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = itertools.cycle(tokens)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign one request."""
        request.headers["Authorization"] = f"Bearer {next(self._tokens)}"
        yield request


class _Run:
    """Ask everything, one kind after the other."""

    def __init__(
        self, options: Options, outcome: Outcome, *, http: httpx.AsyncClient, progress: Progress, task: TaskID
    ) -> None:
        self._options = options
        self._outcome = outcome
        self._http = http
        self._progress = progress
        self._task = task
        self._chance = Random(SEED)
        self._samples: list[Sample] = []

    async def run(self) -> None:
        """Measure all kinds; raises Unavailable."""
        await self._index()
        self._samples = await self._draw()
        for kind in KINDS:
            measured = Measured(name=kind.name, aim_ms=kind.aim_ms)
            self._outcome.kinds.append(measured)
            await self._kind(kind, measured)

    async def _index(self) -> None:
        """Wait until the search index has everything, the newest case last, within bounds."""
        began = time.perf_counter()
        self._progress.update(self._task, description="Waiting for the search index", total=None)
        newest = (await self._json("/cases", limit="1"))["items"]
        number = str(newest[0]["number"]) if newest else ""
        while not self._outcome.indexed and time.perf_counter() - began < self._options.index_s:
            answer = await self._json("/search", q=number, kind="case")
            self._outcome.indexed = bool(answer["items"]) and answer["ready"]
            if not self._outcome.indexed:
                await asyncio.sleep(LOOK_EVERY_S)
        self._outcome.index_s = time.perf_counter() - began

    async def _draw(self) -> list[Sample]:
        """Draw cases from the whole record."""
        newest = (await self._json("/cases", limit="1"))["items"]
        if not newest:
            raise Unavailable("there are no cases to measure with")
        samples = []
        for _ in range(min(SAMPLES, self._options.cases)):
            before = self._chance.randrange(1, newest[0]["number"] + 1) + 1
            items = (await self._json("/cases", limit="1", before_number=str(before)))["items"]
            samples += [_sample(one) for one in items]
        accounts = {one.contact_id: one for one in samples if not one.account_id}
        for contact_id, one in accounts.items():
            account = (await self._json(f"/contacts/{contact_id}/view"))["account"]
            one.account_id = account["id"] if account else ""
        return samples

    async def _json(self, path: str, **query: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(path, params=query)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable(f"GET {path}: {error}") from error
        return dict(answer.json())

    async def _kind(self, kind: Kind, measured: Measured) -> None:
        """Ask requests of one kind, several at a time."""
        self._progress.update(self._task, description=kind.name, completed=0, total=self._options.requests)
        for _ in range(WARM):
            await self._ask(kind.make(self._chance, self._samples), None)
        left = iter(range(self._options.requests))
        began = time.perf_counter()

        async def ask_on() -> None:
            for _ in left:
                await self._ask(kind.make(self._chance, self._samples), measured)
                self._progress.advance(self._task)

        await asyncio.gather(*(ask_on() for _ in range(self._options.at_once)))
        measured.seconds = time.perf_counter() - began

    async def _ask(self, ask: Ask, measured: Measured | None) -> None:
        began = time.perf_counter()
        try:
            answer = await self._http.request(ask.method, ask.path, params=ask.query or None, json=ask.body)
        except httpx.HTTPError as error:
            raise Unavailable(f"{ask.method} {ask.path}: {error}") from error
        seconds = time.perf_counter() - began
        if answer.is_success:
            if measured is not None:
                measured.latencies.record(seconds)
            self._note(ask, answer)
        elif measured is not None:
            slug = answer.json().get("slug", "") if "json" in answer.headers.get("Content-Type", "") else ""
            fault = f"{answer.status_code} {slug}"
            measured.faults[fault] = measured.faults.get(fault, 0) + 1

    def _note(self, ask: Ask, answer: httpx.Response) -> None:
        """Keep the version of a case that was changed, so that the next change is based on it."""
        if ask.method == "PATCH":
            changed = answer.json()
            for one in self._samples:
                if one.case_id == changed["id"]:
                    one.version = changed["version"]


def _sample(case: dict[str, Any]) -> Sample:
    return Sample(
        case_id=case["id"],
        version=case["version"],
        contact_id=case["contact_id"],
        account_id=case.get("account_id", ""),
        owner_id=case["owner_id"],
        number=case["number"],
        name=case["contact_name"],
    )
