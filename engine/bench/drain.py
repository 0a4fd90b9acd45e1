"""The command ``cordboard bench drain``: how long an agent who becomes free waits for his next offer.

A whole engine in a process of its own, customers and agents on real sockets, one chat at a time for each agent, and
more customers than agents from the first moment to the last. Agents end their chats at random times, so many a second
altogether; each end is an HTTP request, and the clock runs from that request until the next offer is on the agent's
socket. The board offers in the very step that frees the agent: how much later the offer is on the socket is measured
too, by the machine's one clock, to the millisecond.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.bench.engine_process import CHANNEL, ORG, EngineProcess, agent_tokens, write_configuration
from engine.bench.histogram import Histogram, summarise
from engine.bench.machine import describe_machine
from engine.bench.parties import Agent, Offer, Visitor
from engine.errors import InvalidInput, Unavailable

DESCRIPTION = """\
Measure how long an agent who becomes free waits for his next offer while customers wait.

Starts an engine of its own (embedded Valkey, SQLite with synchronous=FULL, a temporary data directory), lets more
customers come in than agents can serve, and has the agents end their chats one after the other, through the API.
"""
EPILOG = """\
Examples:
  cordboard bench drain
  cordboard bench drain --agents 50 --waiting 1000 --json result.json

Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
"""
ASTERISK_MS = 740.0
AT_ONCE = 10  # customers who come in at the same time
_PATIENCE_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One run."""

    agents: int
    waiting: int
    rate: float  # ends a second, all agents together
    database: str
    directory: Path | None
    json_file: Path | None
    seed: int


@dataclass
class Gaps:
    """What is measured."""

    from_request: Histogram = field(default_factory=Histogram)  # end asked for → next offer on the socket
    from_board: Histogram = field(default_factory=Histogram)  # the board's step → on the socket
    errors: collections.Counter[str] = field(default_factory=collections.Counter)

    def as_mapping(self) -> dict[str, Any]:
        """Return everything for JSON."""
        named = {"end_to_offer": self.from_request, "board_to_socket": self.from_board}
        return {**summarise(named), "errors": dict(self.errors)}


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse ends the process with 2 on wrong use. Raises InvalidInput."""
    parser = argparse.ArgumentParser(
        prog="cordboard bench drain",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--agents", type=int, default=20, metavar="N", help="agents, one chat each (default 20)")
    add("--waiting", type=int, default=300, metavar="N", help="customers who wait behind those (default 300)")
    add("--rate", type=float, default=10.0, metavar="N", help="chats ended a second, altogether (default 10)")
    add("--database", default="", metavar="URL", help="PostgreSQL instead of SQLite: an empty database")
    add("--directory", type=Path, metavar="DIR", help="where the temporary data lies (default: the system's)")
    add("--seed", type=int, default=1, metavar="N", help="of the times at which chats end (default 1)")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
    given = parser.parse_args(arguments)
    if min(given.agents, given.waiting) < 1 or given.rate <= 0:
        raise InvalidInput("--agents and --waiting are at least 1, --rate is more than 0.")
    return Options(
        agents=given.agents,
        waiting=given.waiting,
        rate=given.rate,
        database=given.database,
        directory=given.directory,
        json_file=given.json,
        seed=given.seed,
    )


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises CordboardError."""
    options = read_options(arguments)
    machine, gaps = asyncio.run(measure(options))
    _print(options, machine, gaps, Console())
    if options.json_file is not None:
        plan = {"agents": options.agents, "waiting": options.waiting, "rate": options.rate, "seed": options.seed}
        text = json.dumps({"machine": dict(machine), "plan": plan, **gaps.as_mapping()}, indent=2)
        options.json_file.write_text(text + "\n", encoding="utf-8")
    return 0


async def measure(options: Options) -> tuple[Mapping[str, str | float], Gaps]:
    """Start an engine, measure, and stop it; raises Unavailable."""
    with (
        tempfile.TemporaryDirectory(prefix="cordboard-bench-", dir=options.directory) as name,
        Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=not sys.stdout.isatty()), transient=True,
        ) as progress,
    ):  # fmt: skip
        directory = Path(name)
        database = "PostgreSQL" if options.database else "SQLite synchronous=FULL"
        machine = await asyncio.to_thread(describe_machine, directory, database=database)
        await asyncio.to_thread(write_configuration, directory / "config", agents=options.agents, units=1)
        engine = EngineProcess(data=directory / "data", config=directory / "config", database_url=options.database)
        try:
            await engine.start()
            tokens, _ = await agent_tokens(engine.url, await engine.admin_token())
            async with httpx.AsyncClient(base_url=f"{engine.url}/api/v1", timeout=30) as http:
                return machine, await _Drain(options, engine.url, tokens, http, progress).run()
        finally:
            await engine.stop()


class _Drain:
    """The agents, the customers, and the stop-watch."""

    def __init__(
        self, options: Options, url: str, tokens: Sequence[str], http: httpx.AsyncClient, progress: Progress
    ) -> None:
        self._options = options
        self._ws = url.replace("http", "ws", 1)
        self._tokens = tokens
        self._http = http
        self._progress = progress
        self._chance = random.Random(options.seed)
        self._gaps = Gaps()
        self._agents: list[Agent] = []
        self._visitors: list[Visitor] = []
        self._offers: dict[Agent, asyncio.Queue[tuple[float, Offer]]] = {}

    async def run(self) -> Gaps:
        """Measure; raises Unavailable."""
        try:
            await self._sign_in()
            await self._come_in()
            await self._serve()
            return self._gaps
        except (OSError, TimeoutError, httpx.HTTPError) as error:
            raise Unavailable(f"the load generator gave up: {type(error).__name__}: {error}") from error
        finally:
            for visitor in self._visitors:
                visitor.leave()
            for agent in self._agents:
                await agent.stop()

    # -- what the simulated people tell -------------------------------------------------------------------------

    def relayed(self, message: str) -> None:
        """Nobody talks here."""

    def acknowledged(self, message: str) -> None:
        """As above."""

    def offered(self, agent: Agent, offer: Offer) -> None:
        """Note when an offer came."""
        self._offers[agent].put_nowait((time.perf_counter(), offer))
        if offer.offered_at:
            since = datetime.fromisoformat(offer.offered_at).timestamp()
            self._gaps.from_board.record(time.time() - since)

    def failed(self, why: str) -> None:
        """Count an error; a customer's socket is closed when his chat is over."""
        if not why.startswith("visitor-closed"):
            self._gaps.errors[why] += 1

    # -- the run ------------------------------------------------------------------------------------------------

    async def _sign_in(self) -> None:
        for token in self._tokens:
            agent = await Agent(url=self._ws, token=token, ear=self).start()
            self._agents.append(agent)
            self._offers[agent] = asyncio.Queue()
            await self._post(agent, "/presence", status="away")

    async def _come_in(self) -> None:
        """Let all customers come in while the agents are away."""
        wanted = self._options.agents + self._options.waiting
        task = self._progress.add_task("Customers come in", total=wanted)
        numbers = iter(range(wanted))

        async def some() -> None:
            for number in numbers:
                visitor = Visitor(url=f"{self._ws}/chat/{ORG}/{CHANNEL}/socket", number=number, ear=self)
                self._visitors.append(visitor)
                await visitor.start()
                self._progress.advance(task)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
        self._progress.remove_task(task)

    async def _serve(self) -> None:
        """End one chat after the other while somebody waits for each agent who becomes free."""
        task = self._progress.add_task("Agents end their chats", total=self._options.waiting)
        turns = iter(range(self._options.waiting))
        await asyncio.gather(*(self._begin(agent) for agent in self._agents))

        async def work(agent: Agent) -> None:
            held = await self._take(agent)
            for _ in turns:
                await asyncio.sleep(self._chance.expovariate(self._options.rate / self._options.agents))
                began = time.perf_counter()
                ending = asyncio.create_task(self._end(agent, held))
                at, held = await self._next(agent)
                self._gaps.from_request.record(at - began)
                await ending
                await self._accept(agent, held)
                self._progress.advance(task)

        await asyncio.gather(*(work(agent) for agent in self._agents))

    async def _begin(self, agent: Agent) -> None:
        await self._post(agent, "/presence", status="available")

    async def _take(self, agent: Agent) -> Offer:
        _, offer = await self._next(agent)
        await self._accept(agent, offer)
        return offer

    async def _next(self, agent: Agent) -> tuple[float, Offer]:
        async with asyncio.timeout(_PATIENCE_S):
            return await self._offers[agent].get()

    async def _end(self, agent: Agent, offer: Offer) -> None:
        await self._post(agent, f"/work-items/{offer.item_id}/end", assignment=offer.assignment)

    async def _accept(self, agent: Agent, offer: Offer) -> None:
        await self._post(agent, f"/offers/{offer.item_id}/accept", assignment=offer.assignment)

    async def _post(self, agent: Agent, path: str, **body: object) -> None:
        headers = {"Authorization": f"Bearer {agent.token}"}
        answer = await self._http.post(path, json=body, headers=headers)
        answer.raise_for_status()


def _print(options: Options, machine: Mapping[str, str | float], gaps: Gaps, console: Console) -> None:
    words = ", ".join(f"{name} {value}" for name, value in machine.items())
    console.print(f"\n[bold]Machine[/]  {words}", highlight=False)
    lines = {
        "End asked for → next offer on the agent's socket": gaps.from_request.summary(),
        "Board frees and offers → offer on the agent's socket": gaps.from_board.summary(),
    }
    for what, one in lines.items():
        console.print(
            f"[bold]{what}[/]  p50 {one.p50_ms:.1f}, p90 {one.p90_ms:.1f}, p99 {one.p99_ms:.1f},"
            f" max {one.max_ms:.1f} ms ({one.count})",
            highlight=False,
        )
    console.print(
        f"{options.agents} agents, {options.waiting} customers waiting at first, {options.rate:g} ends a second."
        f" For comparison: Asterisk's app_queue p50 {ASTERISK_MS:g} ms.",
        style="dim",
    )
    if gaps.errors:
        console.print(f"[yellow]Errors: {dict(gaps.errors)}[/]", highlight=False)
