"""Start processes and a server, kill them again and again, and look at what is left when the world is quiet."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, NullPool, Select, create_engine, make_url

from engine.clock import SystemClock
from engine.errors import CordboardError
from engine.ids import id_source
from engine.model.organisation import Role
from engine.model.work import Outcome
from engine.router.board import Board
from engine.router.library import compose_library
from engine.store.store import Store
from engine.valkey import ValkeyServer
from engine.valkey.client import Valkey
from tests.integration.chaos.audit import audit
from tests.integration.chaos.picture import Picture, take
from tests.integration.chaos.replay import beyond_room, judge
from tests.integration.chaos.world import ORG, user_ids
from tests.servers import eventually

ROOT = Path(__file__).parents[3]
START_S = 40.0


@dataclass
class Report:
    """What happened, in one line."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    checks: int = 0
    began: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        """Return the line."""
        kills = ", ".join(f"{count} {what}" for what, count in sorted(self.kills.items())) or "none"
        return (
            f"chaos: {self.counts['commands']} commands, {self.counts['repeats']} of them repeated; kills: {kills}; "
            f"{self.checks} checks; violations {len(self.violations)}, items lost {len(self.lost)}, "
            f"double assignments {len(self.doubles)}; seed {self.seed}, {time.monotonic() - self.began:.0f} s"
        )

    def clean(self) -> None:
        """Fail unless nothing was wrong."""
        wrong = self.violations + self.lost + self.doubles
        assert not wrong, "\n".join([str(self), *self.violations[:20], *self.lost[:20], *self.doubles[:20]])


class Process:
    """A worker's process, and the orders it is given."""

    def __init__(self, stage: "Stage", name: str, **terms: object) -> None:
        self.name = name
        self._stage = stage
        self._terms = terms
        self._process: asyncio.subprocess.Process | None = None
        self.births = 0

    async def start(self, failpoints: str = "") -> None:
        """Start it; a failpoint is armed once it has started."""
        self.births += 1
        terms = {
            "name": self.name,
            "address": self._stage.address,
            "database": self._stage.database,
            "folder": str(self._stage.folder),
            "seed": self._stage.seed * 1_000 + hash(self.name) % 97 + self.births,
            "failpoints": failpoints,
            **self._terms,
        }
        log = (self._stage.folder / f"{self.name}.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.integration.chaos.worker", json.dumps(terms),
                cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip

    @property
    def is_dead(self) -> bool:
        """Say whether it has ended."""
        return self._process is None or self._process.returncode is not None

    async def answered(self, did: str, within_s: float = START_S) -> bool:
        """Wait for the answer to an order; False when the process ended instead."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(within_s):
            while line := await self._process.stdout.readline():
                told = json.loads(line)
                self._note(told)
                if told["did"] == did:
                    return True
        await self._process.wait()
        return False

    def _note(self, told: Mapping[str, Any]) -> None:
        self._stage.report.counts.update(told["counts"])
        self._stage.report.violations.extend(f"{self.name}: {text}" for text in told["violations"])

    async def order(self, what: str) -> None:
        """Say what to do; one who has died by now does not answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(f"{what}\n".encode())
            await self._process.stdin.drain()

    async def run(self) -> None:
        """Let it do commands."""
        await self.order("run")
        await self.answered("run")

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        tally = self._stage.folder / f"{self.name}.tally"
        if tally.exists():
            self._note(json.loads(tally.read_text() or '{"counts": {}, "violations": []}'))
            tally.unlink()

    async def ended(self, within_s: float = 30.0) -> None:
        """Wait until it has ended by itself."""
        assert self._process is not None
        async with asyncio.timeout(within_s):
            await self.answered("never", within_s)
            await self._process.wait()


class Stage:
    """A server, a record, and processes."""

    def __init__(self, *, folder: Path, database: str, seed: int) -> None:
        self.folder = folder
        self.database = database
        self.seed = seed
        self.rng = random.Random(seed)
        self.report = Report(seed=seed)
        self.server = ValkeyServer(data=folder, fsync="always", backoff_s=(0.02, 0.1))
        self.processes: list[Process] = []
        self._watch: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where the processes find Valkey."""
        return self.server.address

    async def start_server(self) -> None:
        """Start Valkey on what the folder holds, and watch it."""
        self.server = ValkeyServer(data=self.folder, fsync="always", backoff_s=(0.02, 0.1))
        await self.server.start()
        self._watch = asyncio.create_task(self.server.run())

    async def stop_server(self) -> None:
        """End Valkey."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        await self.server.stop()

    async def prepare_record(self) -> None:
        """Make the schema, and the agents as users, whom work may prefer."""
        names = iter(user_ids().values())
        store = Store(url=self.database, clock=SystemClock(), new_id=names.__next__)
        await store.start()
        for login in user_ids():
            await store.users.create(ORG, login=login, name=login, role=Role.AGENT, now_ms=0)
        await store.stop()

    async def add(self, name: str, *, failpoints: str = "", **terms: object) -> Process:
        """Start one more process."""
        process = Process(self, name, **terms)
        await process.start(failpoints)
        self.processes.append(process)
        return process

    async def everybody(self, order: str) -> None:
        """Give an order to all, and wait until all have done it."""
        for process in self.processes:
            await process.order(order)
        for process in self.processes:
            assert await process.answered(order), f"{process.name} died: see {self.folder}"

    async def kill_server(self) -> None:
        """Kill Valkey; its watch starts it again."""
        pid = self.server.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            self.report.kills["Valkey"] += 1

    async def restart(self, process: Process) -> None:
        """Kill a process; start it anew."""
        await process.kill()
        self.report.kills["processes"] += 1
        await process.start()

    # -- quiet --------------------------------------------------------------------------------------------------

    async def check(self) -> Picture:
        """Let everybody finish, hold everything still, and look at all of it."""
        await self.everybody("quiet")
        async with self.looking() as (valkey, board):
            await self._settled(board)
            await self.everybody("freeze")
            await self._finish(board)
            picture = await take(valkey, ORG)
        self._judge(picture)
        self.report.checks += 1
        return picture

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[tuple[Valkey, Board]]:
        """Connect for as long as it takes to look."""
        valkey = Valkey(address=self.address, library=compose_library())

        async def connected() -> bool:
            return await _succeeds(valkey.connect)

        await eventually(connected, within_s=START_S)
        try:
            yield valkey, Board(valkey=valkey)
        finally:
            await valkey.close()

    async def _settled(self, board: Board) -> None:
        """Wait until nothing is pending, and the record is level with the board once."""
        clock = SystemClock()
        store = Store(url=self.database, clock=clock, new_id=id_source(clock))
        await store.start()

        async def level() -> bool:
            answer = await board.ask(ORG, "show_mark")
            mark = await store.routing.cursor(ORG)
            pending = await store.arrivals.pending_items(1, clock.now_ms() + 10_000)
            is_level = (answer.epoch, answer.last_seq) == (mark.epoch, mark.seq)
            return answer.result == "open" and is_level and not pending  # an empty board is level while it is rebuilt

        try:
            await eventually(level, within_s=60.0, what="record and board are level")
        finally:
            await store.stop()

    async def _finish(self, board: Board) -> None:
        """Do what has fallen due by now, and carry it into the record."""
        clock = SystemClock()
        store = Store(url=self.database, clock=clock, new_id=id_source(clock))
        await store.start()
        try:
            due = 1
            while due:
                answer = await board.ask(ORG, "run_timers", 500)
                assert answer.outcome is Outcome.OK, answer
                due = answer.result
            mark = await store.routing.cursor(ORG)
            while events := await board.events(ORG, mark.stream_id, block_ms=0):
                await store.routing.project(ORG, events, cursor_id=events[-1].stream_id)
                mark = await store.routing.cursor(ORG)
        finally:
            await store.stop()

    def _judge(self, picture: Picture) -> None:
        report = self.report
        report.violations += audit(picture)
        told = [path.read_text().split() for path in self.folder.glob("*.told")]
        with self._record() as conn:
            findings = judge(conn, picture, {item for part in told for item in part})
            report.violations += findings.violations + beyond_room(conn, picture)
        report.lost += findings.lost
        report.doubles += findings.doubles

    def rows(self, query: Select[Any]) -> list[Any]:
        """Ask the record."""
        with self._record() as conn:
            return list(conn.execute(query))

    def _record(self) -> closing[Connection]:
        url = make_url(self.database)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        return closing(create_engine(url, poolclass=NullPool).connect())

    async def close(self) -> None:
        """End everything that was started here."""
        for process in self.processes:
            await process.kill()
        await self.stop_server()


_AnyStage = TypeVar("_AnyStage", bound=Stage)


async def _succeeds(what: Callable[[], Awaitable[object]]) -> bool:
    try:
        await what()
    except CordboardError:
        return False
    return True


@asynccontextmanager
async def set_up(stage: _AnyStage) -> AsyncIterator[_AnyStage]:
    """Prepare a stage, and take it down."""
    await stage.prepare_record()
    await stage.start_server()
    try:
        yield stage
    finally:
        await stage.close()


def staged(folder: Path, database: str, seed: int) -> AbstractAsyncContextManager[Stage]:
    """Set a stage with one server up, and take it down."""
    return set_up(Stage(folder=folder, database=database, seed=seed))
