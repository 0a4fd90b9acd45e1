"""The order of a measurement: set up every case once, then measure all in turn, several times over."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from rich.progress import Progress, TaskID

from engine.bench.routing.bullmq import BullMQ
from engine.bench.routing.cluster import Cluster
from engine.bench.routing.floor import Floor
from engine.bench.routing.options import FLATNESS, Options
from engine.bench.routing.outcome import Idle, Outcome
from engine.bench.routing.postgres import Postgres
from engine.bench.routing.result import BACKLOG, BULLMQ, GENERALISTS, POSTGRES, ROUTER, SPARE, Case, Run, Series
from engine.bench.routing.server import BoardServer
from engine.bench.routing.shape import Shape
from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.ids import id_source
from engine.router.board import Board
from engine.router.router import Router
from engine.valkey.lease import Leases

Measure = Callable[[], Awaitable[Run]]
PROBES = 1000
_NEVER_DRY = 4
"""Jobs in BullMQ's queue for each that it works on: where it runs dry, a job costs it two to three times as much."""
_NEW_LEVEL = 5
"""Levels that nothing else asks for begin above this one."""


class Conductor:
    """Measure everything that the options ask for, into an outcome."""

    def __init__(
        self, options: Options, outcome: Outcome, *, directory: Path, progress: Progress, task: TaskID
    ) -> None:
        self._options = options
        self._outcome = outcome
        self._directory = directory
        self._progress = progress
        self._task = task
        self._cases: list[tuple[Series, Measure]] = []
        self._server = BoardServer(directory, fsync=options.fsync)
        self._new_id = id_source(SystemClock())

    async def run(self) -> None:
        """Do it all; raises CordboardError."""
        async with AsyncExitStack() as parts:
            valkey = await self._server.start()
            parts.push_async_callback(self._server.stop)
            self._outcome.versions["valkey"] = await self._server.version()
            board = Board(valkey=valkey)
            self._router, self._board, self._leases = Router(board=board), board, Leases(commands=valkey)
            floors = await self._set_up_router() if ROUTER in self._options.systems else []
            if BULLMQ in self._options.systems:
                await self._with_peer(BULLMQ, self._set_up_bullmq(parts))
            if POSTGRES in self._options.systems:
                await self._with_peer(POSTGRES, self._set_up_postgres(parts))
            await self._measure_all()
            if floors:
                await self._finish(*floors)
            self._outcome.forks = await self._server.forks()

    # -- this router --------------------------------------------------------------------------------------------

    async def _set_up_router(self) -> list[Floor]:
        """Build the boards; return the first backlog and the first one with agents to spare."""
        options, shape = self._options, self._options.shape
        generalists = replace(shape, generalists=True)
        first = options.orders[0]
        backlogs, spares = [], []
        for order in options.orders:
            backlogs.append(await self._backlog(shape, options.waiting, order, watched=order == first))
            spares.append(await self._spare(shape, order, watched=order == first))
        if not {FLATNESS, GENERALISTS} <= options.skip:
            await self._backlog(shape, options.waiting_few, first)
        if FLATNESS not in options.skip:
            await self._backlog(replace(shape, agents=options.agents_few), options.waiting_few, first)
        if GENERALISTS not in options.skip:
            await self._spare(generalists, first)
            await self._backlog(generalists, options.waiting_few, first)
        return [backlogs[0], spares[0]]

    async def _backlog(self, shape: Shape, waiting: int, order: str, *, watched: bool = False) -> Floor:
        """Build a board on which everybody is busy and ``waiting`` items wait."""
        floor = self._floor(BACKLOG, shape, waiting, order)
        items = waiting + shape.agents * shape.units
        await floor.open(self._board, self._leases)
        idle = await self._idle(floor, self._options.idle_s / 2) if watched else Idle()
        await self._look("set-up")
        before = await self._memory(floor)
        self._say(f"{items:,} items come in", items)
        with self._pace("items that come in, nobody online", items):
            await floor.fill(items, self._options.concurrency, self._step)
        await self._look("items come in, nobody online")
        if watched:
            self._outcome.item_bytes = (await self._memory(floor) - before) // items
            self._outcome.idle_empty = idle
            self._outcome.idle_waiting = await self._idle(floor, self._options.idle_s)
        await self._staff(floor, shape, "into a backlog")
        return floor

    async def _spare(self, shape: Shape, order: str, *, watched: bool = False) -> Floor:
        """Build a board on which each agent has half of what he can have."""
        floor = self._floor(SPARE, shape, 0, order)
        before = await self._memory(floor)
        await floor.open(self._board, self._leases)
        await self._look("set-up")
        await self._staff(floor, shape, "without work")
        if watched:
            self._outcome.agent_bytes = (await self._memory(floor) - before) // shape.agents
        await floor.fill(shape.agents * (shape.units // 2), self._options.concurrency, self._step)
        await floor.staff(self._options.concurrency)
        await self._look("set-up")
        return floor

    async def _staff(self, floor: Floor, shape: Shape, into: str) -> None:
        self._say(f"{shape.agents:,} agents log in", shape.agents)
        with self._pace(f"agents who log in {into}", shape.agents):
            await floor.log_in(self._options.concurrency, self._step)
        await self._look("mass log-in")
        self._say("They accept", 0)
        await floor.staff(self._options.concurrency)
        await self._look("set-up")

    def _floor(self, regime: str, shape: Shape, waiting: int, order: str) -> Floor:
        staff = GENERALISTS if shape.generalists else ""
        case = Case(system=ROUTER, regime=regime, order=order, agents=shape.agents, waiting=waiting)
        case = replace(case, staff=staff) if staff else case
        org_id = f"bench-{len(self._cases)}"
        floor = Floor(org_id=org_id, shape=shape, order=order, router=self._router, new_id=self._new_id)

        async def measure() -> Run:
            await self._server.trim(org_id)
            await floor.drive(self._options.warmup_s, self._options.concurrency)
            cpu_s, own_s = await self._server.cpu_s(), time.process_time()
            done, began = floor.done, time.perf_counter()
            await floor.drive(self._options.seconds, self._options.concurrency)
            took, own_s = time.perf_counter() - began, time.process_time() - own_s
            return Run(
                done=floor.done - done, seconds=took, server_s=await self._server.cpu_s() - cpu_s, client_s=own_s
            )

        self._add(case, measure)
        return floor

    async def _idle(self, floor: Floor, seconds: float) -> Idle:
        """Watch server and ticker with nobody online."""
        self._say("Nobody is online", 0)
        server_s, own_s, began = await self._server.cpu_s(), time.process_time(), time.perf_counter()
        async with floor.ticking():
            await asyncio.sleep(seconds)
        took = max(time.perf_counter() - began, 1e-9)
        server_s = await self._server.cpu_s() - server_s
        return Idle(server=server_s / took, engine=(time.process_time() - own_s) / took)

    async def _memory(self, floor: Floor) -> int:
        await self._server.trim(floor.org_id)
        return await self._server.memory()

    async def _finish(self, backlog: Floor, spare: Floor) -> None:
        """Ask for what nobody asked for before; and see how long one agent alone waits for his next offer."""
        self._say("New requirements", 0)
        for floor in (backlog, spare):
            new = [replace(one, level=one.level + _NEW_LEVEL) for one in self._options.shape.all_signatures()]
            self._outcome.new_signatures += await floor.ask_new(new, self._options.concurrency)
        await self._look("new requirements")
        self._say("One call at a time", 0)
        self._outcome.gap = (await backlog.probe(min(PROBES, self._options.waiting))).summary()

    # -- peers --------------------------------------------------------------------------------------------------

    async def _with_peer(self, name: str, setting_up: Awaitable[None]) -> None:
        try:
            await setting_up
        except (Unavailable, psycopg.Error) as error:
            self._outcome.missing[name] = " ".join(str(error).split())

    async def _set_up_bullmq(self, parts: AsyncExitStack) -> None:
        options = self._options
        self._say("BullMQ is filled", 0)
        peer = BullMQ(options.peers, cpu_s=self._server.cpu_s)
        parts.push_async_callback(peer.stop)
        self._outcome.versions.update(await peer.start())
        short = _NEVER_DRY * options.concurrency
        for regime, waiting in ((BACKLOG, options.waiting), (SPARE, 0)):
            await peer.open(regime, socket=self._server.socket, concurrency=options.concurrency, waiting=waiting)

            async def measure(regime: str = regime, jobs: int = waiting + short) -> Run:
                return await peer.measure(regime, jobs=jobs, seconds=options.seconds, warmup=options.warmup_s)

            self._add(Case(system=BULLMQ, regime=regime, waiting=waiting), measure)

    async def _set_up_postgres(self, parts: AsyncExitStack) -> None:
        options, shape = self._options, self._options.shape
        self._say("PostgreSQL is filled", 0)
        cluster = Cluster()
        await cluster.start(directory=options.directory)
        parts.push_async_callback(cluster.stop)
        self._outcome.versions["postgres"] = await cluster.version()
        sizes = ((BACKLOG, options.waiting, shape.agents * shape.units), (SPARE, 0, shape.agents * (shape.units // 2)))
        for regime, waiting, talking in sizes:
            peer = Postgres(cluster, shape=shape, concurrency=options.concurrency)
            parts.push_async_callback(peer.close)
            await peer.open(regime, waiting=waiting, talking=talking)

            async def measure(peer: Postgres = peer) -> Run:
                return await peer.measure(options.seconds, options.warmup_s)

            case = Case(system=POSTGRES, regime=regime, order="longest_idle", agents=shape.agents, waiting=waiting)
            self._add(case, measure)

    # -- measuring ----------------------------------------------------------------------------------------------

    def _add(self, case: Case, measure: Measure) -> None:
        series = Series(case)
        self._outcome.series.append(series)
        self._cases.append((series, measure))

    async def _measure_all(self) -> None:
        total = self._options.runs * len(self._cases)
        self._say("Measuring", total)
        waited_s, began = self._server.waited_s(), time.perf_counter()
        with _few_pauses():
            for number in range(self._options.runs):
                turn = number % max(len(self._cases), 1)  # nobody always comes after the same one
                for series, measure in self._cases[turn:] + self._cases[:turn]:
                    self._progress.update(self._task, description=f"Measuring {series.case.name}")
                    await self._measure(series, measure)
                    await self._look("measured")
                    self._step(1)
        self._outcome.waited = (self._server.waited_s() - waited_s) / (time.perf_counter() - began)

    async def _measure(self, series: Series, measure: Measure) -> None:
        """Measure once; a peer that fails is left out from then on."""
        peer = series.case.system
        if peer in self._outcome.missing:
            return
        try:
            series.runs.append(await measure())
        except (Unavailable, psycopg.Error) as error:
            if peer == ROUTER:
                raise
            self._outcome.missing[peer] = " ".join(str(error).split())

    async def _look(self, phase: str) -> None:
        """Take note of slow calls and of forks."""
        self._outcome.add_slow(phase, await self._server.slow_calls())
        self._outcome.forks = await self._server.forks()

    @contextmanager
    def _pace(self, what: str, count: int) -> Iterator[None]:
        """Take note how many a second were managed, the first time, which is at full size."""
        began = time.perf_counter()
        yield
        self._outcome.paces.setdefault(what, count / max(time.perf_counter() - began, 1e-9))

    def _say(self, what: str, total: int) -> None:
        self._progress.update(self._task, description=what, total=total or None, completed=0)

    def _step(self, count: float) -> None:
        self._progress.advance(self._task, count)


@contextmanager
def _few_pauses() -> Iterator[None]:
    """Keep this process from searching the objects of the set-up for cycles while it measures."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
