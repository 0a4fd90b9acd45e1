"""The command ``cordboard bench email``: hand mails over, wait until they are routed, beside aiosmtpd alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from engine.bench.email.load import RECIPIENT, Load
from engine.bench.email.outcome import Measured, Outcome, print_report
from engine.bench.engine_process import EngineProcess, write_configuration
from engine.bench.machine import describe_machine
from engine.bench.ports import free_port
from engine.bench.routing.cluster import Cluster
from engine.bench.usage import Sample, sample
from engine.errors import InvalidInput, Unavailable

DESCRIPTION = """\
Measure how many mails a second are accepted over SMTP, and how many are read, filed and routed.

Starts an engine of its own for each record (embedded Valkey, a temporary data directory), and before that aiosmtpd
alone, which throws every mail away: what the library can do at best. Numbers are reported, never judged.
"""
EPILOG = """\
Examples:
  cordboard bench email
  cordboard bench email --mails 10000 --connections 16 --json result.json
  cordboard bench email --only sqlite

Exit codes: 0 measured, 1 failed, 2 wrong use, 3 a part it needs is away.
"""
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
CHANNEL = f"""
  mail:
    kind: email
    name: Mail
    queue: chats
    email: {{ address: {RECIPIENT} }}
"""
ROUTED = 'cordboard_routing_events_total{kind="enqueued"}'
WARM = 100
"""Mails before the measured ones."""
LOOK_EVERY_S = 0.1
PATIENCE_S = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One run."""

    mails: int
    connections: int
    size: int
    only: tuple[str, ...]
    directory: Path | None
    json_file: Path | None


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; argparse ends the process with 2 on wrong use. Raises InvalidInput."""
    parser = argparse.ArgumentParser(
        prog="cordboard bench email",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--mails", type=int, default=1_000, metavar="N", help="mails for each record (default 1000)")
    add("--connections", type=int, default=8, metavar="N", help="connections they come over (default 8)")
    add("--bytes", type=int, default=20_480, metavar="N", help="size of a mail (default 20480)")
    add("--only", default="sqlite,postgresql", metavar="NAMES", help="records: sqlite, postgresql (default both)")
    add("--directory", type=Path, metavar="DIR", help="where the temporary data lie (default: the system's)")
    add("--json", type=Path, metavar="FILE", help="write everything that was measured")
    given = parser.parse_args(arguments)
    only = tuple(filter(None, given.only.split(",")))
    if min(given.mails, given.connections, given.bytes) < 1 or not set(only) <= {"sqlite", "postgresql"}:
        raise InvalidInput("--mails, --connections and --bytes are at least 1; --only names sqlite and postgresql.")
    return Options(
        mails=given.mails,
        connections=given.connections,
        size=given.bytes,
        only=only,
        directory=given.directory,
        json_file=given.json,
    )


def run(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises CordboardError."""
    options = read_options(arguments)
    console = Console(stderr=options.json_file is None and not sys.stdout.isatty())
    outcome = asyncio.run(measure(options, console))
    print_report(outcome, Console())
    if options.json_file is not None:
        options.json_file.write_text(json.dumps(outcome.as_mapping(), indent=2) + "\n", encoding="utf-8")
    return 0


async def measure(options: Options, console: Console) -> Outcome:
    """Measure everything; raises CordboardError."""
    with tempfile.TemporaryDirectory(prefix="cordboard-bench-", dir=options.directory) as made:
        directory = Path(made)
        machine = await asyncio.to_thread(describe_machine, directory, database="")
        console.print("aiosmtpd alone", highlight=False)
        async with _peer() as port:
            await _load(options, WARM).run(port)
            peer = await _load(options, options.mails).run(port)
        outcome = Outcome(
            machine=machine, mails=options.mails, size=options.size, connections=options.connections, peer=peer
        )
        if "sqlite" in options.only:
            console.print(SQLITE, highlight=False)
            outcome.records[SQLITE] = await _record(options, directory / "sqlite")
        if "postgresql" in options.only:
            console.print(POSTGRESQL, highlight=False)
            try:
                async with _cluster(options.directory) as address:
                    outcome.records[POSTGRESQL] = await _record(options, directory / "postgresql", address)
            except Unavailable as error:
                outcome.missing[POSTGRESQL] = str(error)
        return outcome


def _load(options: Options, mails: int, first: int = 0) -> Load:
    return Load(mails=mails, connections=options.connections, size=options.size, first=first)


@contextlib.asynccontextmanager
async def _peer() -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine.bench.email.peer", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


@contextlib.asynccontextmanager
async def _cluster(directory: Path | None) -> AsyncIterator[str]:
    cluster = Cluster()
    try:
        await cluster.start(directory=directory)
        yield cluster.dsn
    finally:
        await cluster.stop()


async def _record(options: Options, directory: Path, database: str = "") -> Measured:
    await asyncio.to_thread(_configure, directory / "config")
    port = await asyncio.to_thread(free_port)
    settings = {"smtp_listen": f"127.0.0.1:{port}", "smtp_networks": "127.0.0.0/8"}
    engine = EngineProcess(
        data=directory / "data", config=directory / "config", database_url=database, settings=settings
    )
    try:
        await engine.start()
        headers = {"Authorization": f"Bearer {await engine.admin_token()}"}
        async with httpx.AsyncClient(base_url=engine.url, headers=headers, timeout=30) as http:
            return await _measured(options, engine, http, port)
    finally:
        await engine.stop()


async def _measured(options: Options, engine: EngineProcess, http: httpx.AsyncClient, port: int) -> Measured:
    await _load(options, WARM).run(port)
    await _routed(http, WARM)
    samples = [await asyncio.to_thread(sample, engine.pid)]
    watching = asyncio.create_task(_watch(engine.pid, samples))
    try:
        accepted = await _load(options, options.mails, first=WARM).run(port)
        await _routed(http, WARM + options.mails)
        routed_s = time.perf_counter() - accepted.began
    finally:
        watching.cancel()
    last = await asyncio.to_thread(sample, engine.pid)
    return Measured(
        accepted=accepted,
        routed_s=routed_s,
        cpu_s=sum(last.cpu_s.values()) - sum(samples[0].cpu_s.values()),
        idle_bytes=samples[0].rss_total,
        most_bytes=max(one.rss_total for one in (*samples, last)),
    )


async def _watch(pid: int, samples: list[Sample]) -> None:
    while True:
        samples.append(await asyncio.to_thread(sample, pid))
        await asyncio.sleep(LOOK_EVERY_S)


async def _routed(http: httpx.AsyncClient, mails: int) -> None:
    """Wait until so many mails' work is on the board, as the engine counts it; raise Unavailable after long."""
    end_s = time.monotonic() + PATIENCE_S
    while (routed := await _count(http)) < mails:
        if time.monotonic() > end_s:
            raise Unavailable(f"only {routed} of {mails} mails were routed within {PATIENCE_S:g} s")
        await asyncio.sleep(LOOK_EVERY_S)


async def _count(http: httpx.AsyncClient) -> int:
    try:
        answer = await http.get("/metrics")
    except httpx.HTTPError:
        return 0
    values = (line.rpartition(" ")[2] for line in answer.text.splitlines() if line.startswith(ROUTED))
    return int(float(next(values, "0")))


def _configure(directory: Path) -> None:
    write_configuration(directory, agents=1)
    channels = directory / "channels.yaml"
    channels.write_text(channels.read_text(encoding="utf-8").rstrip() + CHANNEL, encoding="utf-8")
