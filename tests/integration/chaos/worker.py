"""One process of the chaos: a client of the board with all roles, as the engine wires them, and its random commands.

    python -m tests.integration.chaos.worker JSON

It takes orders as lines on its standard input (``run``, ``quiet``, ``freeze``, ``stop``), answers each with a line of
JSON, and ends when the input does. ``quiet``: no commands, but the roles go on; ``freeze``: nothing at all.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from engine import failpoints
from engine.clock import SystemClock
from engine.errors import CordboardError, Unavailable
from engine.ids import id_source
from engine.loops import Loop, Role
from engine.model.organisation import Organisation
from engine.router import library
from engine.router.board import Board
from engine.router.projector import Projector
from engine.router.reconcile import Reconciler
from engine.router.router import Router
from engine.router.tail import Tail
from engine.router.ticker import Ticker
from engine.store.store import Store
from engine.valkey.client import Valkey
from engine.valkey.lease import Leases
from engine.wiring.recorder import Recorder
from engine.wiring.records import BoardRecord
from tests.integration.chaos.deeds import Deeds
from tests.integration.chaos.world import ORG, organisation, user_ids

ROLES = ("ticker", "projector", "sweep", "heart")


def another_build() -> None:
    """Make this process another build of the same library: same rules, another name."""
    text = library._body()
    library._body = lambda: f"{text}\n-- another build\n"  # type: ignore[assignment] # a cached function


class Heart:
    """Renew the leases of the agents connected here (a role)."""

    name = "heart"

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker

    async def step(self) -> float:
        """Renew once."""
        worker = self._worker
        leases = [(agent, worker.name) for agent in sorted(worker.deeds.connected)]
        if leases:
            await worker.recorder.record((await worker.router.renew(ORG, leases)).events)
        return 0.3


class Sweep:
    """Enqueue what a kill left pending (a role)."""

    name = "sweep"

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker

    async def step(self) -> float:
        """Enqueue a page."""
        worker = self._worker
        before = SystemClock().now_ms() - 2_000
        for item in await worker.store.arrivals.pending_items(100, before):
            await worker.deeds.sweep(item.id)
        return 0.4


class Worker:
    """Everything that one process has."""

    def __init__(self, terms: Mapping[str, Any]) -> None:
        self.name = str(terms["name"])
        clock = SystemClock()
        self.valkey = Valkey(address=terms["address"], library=library.compose_library())
        self.store = Store(url=terms["database"], clock=clock, new_id=id_source(clock))
        self.board = Board(valkey=self.valkey)
        self.router = Router(board=self.board)
        self.recorder = Recorder(history=self.store.routing, follow=())
        self.deeds = Deeds(
            name=self.name,
            router=self.router,
            store=self.store,
            recorder=self.recorder,
            folder=Path(terms["folder"]),
            seed=int(terms["seed"]),
        )
        leases = Leases(commands=self.valkey)
        self.reconciler = Reconciler(
            board=self.board,
            record=BoardRecord(self.store),
            leases=leases,
            configuration=self._configuration,
            statuses=self.store.routing.statuses,
        )
        projector = Projector(
            org_id=ORG,
            board=self.board,
            stream=Tail(org_id=ORG, source=self.board),
            history=self.store.routing,
            leases=leases,
            emit=self.recorder.emit,
            rebuilder=self.reconciler,
        )
        ticker = Ticker(org_id=ORG, clockwork=self.router, rebuild=self.reconciler.run, every_s=0.05)
        self._roles: tuple[Role, ...] = (ticker, projector, Sweep(self), Heart(self))
        self._loops: list[Loop] = []
        self._going = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def _configuration(self, org_id: str) -> tuple[Organisation, Mapping[str, str]]:
        return organisation(), user_ids()

    async def start(self) -> None:
        """Connect, bring the board up, repeat what a predecessor left."""
        await self.store.start()
        while True:
            try:
                await self.valkey.connect()
                await self.reconciler.run(ORG)
                break
            except Unavailable:
                await asyncio.sleep(0.1)
        self.wake()
        await self.deeds.repeat_last()

    def wake(self) -> None:
        """Start the roles."""
        if not self._loops:
            self._loops = [Loop(role) for role in self._roles]
            for loop in self._loops:
                loop.start()

    async def rest(self) -> None:
        """Stop the roles."""
        loops, self._loops = self._loops, []
        await asyncio.gather(*(loop.stop() for loop in loops))
        under_way = [task for task in asyncio.all_tasks() if task.get_name().startswith("board-lane")]
        await asyncio.gather(*under_way, return_exceptions=True)  # a command has its effect though its caller is gone

    async def work(self) -> None:
        """Do commands while told so."""
        while True:
            await self._going.wait()
            self._idle.clear()
            await self.deeds.act()
            self._idle.set()
            await asyncio.sleep(0.002)

    async def obey(self, order: str) -> None:
        """Do what the conductor says, then report."""
        if order == "run":
            self.wake()
            self._going.set()
        else:
            self._going.clear()
            await self._idle.wait()
            if order == "quiet":
                self.wake()
            else:
                await self.rest()
        print(json.dumps({"did": order, **self.deeds.report()}), flush=True)  # noqa: T201 - the conductor listens


async def main(terms: Mapping[str, Any]) -> None:
    """Live until told to stop, or until the conductor is gone."""
    worker = Worker(terms)
    await worker.start()
    failpoints.arm(terms.get("failpoints", ""))
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps({"did": "start", "counts": {}, "violations": []}), flush=True)  # noqa: T201
    work = asyncio.create_task(worker.work())
    while (line := (await reader.readline()).decode().strip()) and line != "stop":
        try:
            await worker.obey(line)
        except CordboardError as error:
            structlog.get_logger().error("order failed", order=line, exc_info=error)
    work.cancel()
    await worker.rest()
    await worker.valkey.close()
    await worker.store.stop()
    await asyncio.gather(work, return_exceptions=True)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.ERROR)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    if given.get("another_build"):
        another_build()
    asyncio.run(main(given))
    os._exit(0)
