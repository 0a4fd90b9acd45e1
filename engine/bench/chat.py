"""The command ``cordboard bench chat``: start the engine and the load generator, watch both, report."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from engine.bench.engine_process import CHANNEL, IDLE_CHANNEL, ORG, EngineProcess, agent_tokens, write_configuration
from engine.bench.machine import describe_machine
from engine.bench.metrics import spent
from engine.bench.options import Options, read_options
from engine.bench.plan import Failure, IdleResult, Note, Plan, Report, StepResult
from engine.bench.report import Outcome, print_report
from engine.bench.usage import Sample, sample
from engine.errors import Unavailable

GRACE_S = 1.5
IDLE_PER_S = 120.0
_LINE_BYTES = 1 << 20
_decode = msgspec.json.Decoder(Report).decode


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises CordboardError."""
    options = read_options(arguments)
    if options.write_config is not None:
        write_configuration(options.write_config, agents=options.agents)
        print(f"The bench's configuration lies in {options.write_config}.")
        return 0
    console = Console(stderr=options.json_file is None and not sys.stdout.isatty())
    outcome = asyncio.run(_measure(options, console))
    print_report(outcome, Console())
    if options.json_file is not None:
        text = json.dumps(outcome.as_mapping(), indent=2, ensure_ascii=False)
        options.json_file.write_text(text + "\n", encoding="utf-8")
    return 0


async def _measure(options: Options, console: Console) -> Outcome:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        task = progress.add_task("Starting the engine", total=None)
        async with _engine(options) as (url, pid, token, directory):
            agents, keepers = await agent_tokens(url, token)
            machine = await asyncio.to_thread(
                describe_machine, directory, database="PostgreSQL" if options.database else "SQLite synchronous=FULL"
            )
            outcome = Outcome(machine=machine, plan=_plan(options, url, agents, keepers))
            await _Watch(outcome, pid=pid, token=token, progress=progress, task=task).run()
            return outcome


def _plan(options: Options, url: str, agents: list[str], keepers: list[str]) -> Plan:
    return Plan(
        url=url,
        org=ORG,
        channel=CHANNEL,
        idle_channel=IDLE_CHANNEL,
        agents=agents,
        keepers=keepers,
        chats_per_s=options.chats_per_s,
        chat_s=options.chat_s,
        warmup_s=options.warmup_s,
        grace_s=GRACE_S,
        idle=options.idle,
        idle_per_s=IDLE_PER_S,
        idle_settle_s=options.idle_settle_s,
        idle_rest_s=options.idle_rest_s,
        steps=list(options.steps),
    )


@contextlib.asynccontextmanager
async def _engine(options: Options) -> AsyncIterator[tuple[str, int | None, str, Path]]:
    """Yield address, process id (None: not ours), admin token and data directory of the engine to measure."""
    if options.url:
        assert options.token_file is not None
        token = (await asyncio.to_thread(options.token_file.read_text, encoding="utf-8")).strip()
        yield options.url, None, token, Path.cwd()
        return
    with tempfile.TemporaryDirectory(prefix="cordboard-bench-", dir=options.directory) as name:
        directory = Path(name)
        await asyncio.to_thread(write_configuration, directory / "config", agents=options.agents)
        engine = EngineProcess(data=directory / "data", config=directory / "config", database_url=options.database)
        try:
            await engine.start()
            yield engine.url, engine.pid, await engine.admin_token(), directory
        finally:
            await engine.stop()


class _Watch:
    """Run the load generator; look at the engine whenever a phase begins or ends."""

    def __init__(self, outcome: Outcome, *, pid: int | None, token: str, progress: Progress, task: TaskID) -> None:
        self._outcome = outcome
        self._pid = pid
        self._token = token
        self._progress = progress
        self._task = task
        self._phase = ""
        self._before: Sample | None = None
        self._metrics_before = ""

    async def run(self) -> None:
        """Wait until the generator has finished; raises Unavailable when it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "engine.bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(self._outcome.plan) + b"\n")
            await process.stdin.drain()
            async for line in process.stdout:
                await self._take(_decode(line))
            if await process.wait():
                raise Unavailable("the load generator died")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _take(self, report: Report) -> None:
        if isinstance(report, Failure):
            raise Unavailable(f"the load generator gave up: {report.detail}")
        if isinstance(report, Note):
            await self._note(report)
        elif isinstance(report, IdleResult):
            self._outcome.idle = report
        else:
            await self._step(report)

    async def _note(self, note: Note) -> None:
        key = f"{note.phase}{note.step}"
        if key != self._phase:
            self._phase = key
            await self._begin(note)
        self._progress.update(self._task, description=self._words(note), completed=note.done, total=note.total or None)

    async def _begin(self, note: Note) -> None:
        now = await asyncio.to_thread(sample, self._pid) if self._pid is not None else None
        if note.phase == "idle-settle" and now is not None and self._before is not None:
            self._outcome.idle_bytes = now.rss_total - self._before.rss_total
        if note.phase == "idle-done" and now is not None and self._before is not None:
            self._outcome.idle_cpu = now.shares_since(self._before)
        if note.phase == "step":
            self._metrics_before = await self._metrics()
        self._before = now

    async def _step(self, result: StepResult) -> None:
        now = await asyncio.to_thread(sample, self._pid) if self._pid is not None else None
        shares = now.shares_since(self._before) if now is not None and self._before is not None else {}
        stolen = now.stolen_since(self._before) if now is not None and self._before is not None else 0.0
        after = await self._metrics()
        self._outcome.steps.append(result)
        self._outcome.cpu.append(shares)
        self._outcome.stolen.append(stolen)
        self._outcome.spent.append(spent(self._metrics_before, after))

    async def _metrics(self) -> str:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with httpx.AsyncClient(timeout=5) as http:
                answer = await http.get(f"{self._outcome.plan.url}/metrics", headers=headers)
                return answer.text if answer.is_success else ""
        except httpx.HTTPError:
            return ""

    def _words(self, note: Note) -> str:
        if note.phase == "step":
            return f"{self._outcome.plan.steps[note.step].rate} messages/s"
        return {
            "sign-in": "Agents sign in",
            "idle-connect": f"{self._outcome.plan.idle} visitors sit down to wait",
            "idle-settle": "The engine finishes what their chats began",
            "idle-rest": "They wait",
            "idle-done": "They wait",
            "warm-up": "First chats",
        }[note.phase]
