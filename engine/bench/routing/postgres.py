"""The hand-tuned SQL table under measurement: peer.sql on a cluster of its own, driven as the router is.

Batches of lifecycles: one call, one transaction and one commit for all of a batch's arrivals, one for its ends, one for
its acceptances. Connections times batch is the concurrency of the other contestants.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from pathlib import Path
from typing import Any

import psycopg

from engine.bench.routing.cluster import Cluster
from engine.bench.routing.result import Run
from engine.bench.routing.shape import Shape
from engine.bench.usage import sample

CONNECTIONS = 4
_SCHEMA = Path(__file__).with_name("peer.sql")
_WAIT = """
INSERT INTO items (skills, rank)
SELECT skills, nextval('turns') FROM unnest(%s::integer[]) AS wanted JOIN signatures ON signatures.id = wanted
"""
_PORTION = 1000
Pair = tuple[int, int]
"""An item and its agent."""


class Postgres:
    """A queue table and its workers."""

    def __init__(self, cluster: Cluster, *, shape: Shape, concurrency: int) -> None:
        self._cluster = cluster
        self._shape = shape
        self._batch = max(1, concurrency // CONNECTIONS)
        self._stream = shape.stream()
        self._connections: list[psycopg.AsyncConnection[Any]] = []
        self._offers: deque[Pair] = deque()
        self._active: deque[Pair] = deque()
        self._done = 0
        self._database = ""

    async def open(self, name: str, *, waiting: int, talking: int) -> None:
        """Make a database with all agents, ``talking`` items with them and ``waiting`` ones behind those."""
        async with await psycopg.AsyncConnection.connect(self._cluster.dsn, autocommit=True) as admin:
            await admin.execute(f'CREATE DATABASE "{name}"'.encode())
        address = self._cluster.dsn.replace("/postgres?", f"/{name}?")
        for _ in range(CONNECTIONS):
            self._connections.append(await psycopg.AsyncConnection.connect(address, autocommit=True))
        first = self._connections[0]
        await first.execute(await asyncio.to_thread(_SCHEMA.read_bytes))
        await self._load(first)
        for count in _portions(talking):
            await self._arrive(first, count)
            while self._offers:
                await self._accept(first, count)
        for count in _portions(waiting):
            wanted = [next(self._stream).number for _ in range(count)]
            await first.execute(_WAIT, [wanted])
        await first.execute(b"VACUUM ANALYZE")

    async def measure(self, seconds: float, warmup: float) -> Run:
        """Work for so long."""
        await self._connections[0].execute(b"VACUUM items, agents")  # in its favour: not while it is measured
        await self._drive(warmup)
        before, cpu, began, done = sample(self._cluster.pid), time.process_time(), time.perf_counter(), self._done
        await self._drive(seconds)
        took = time.perf_counter() - began
        client_s = time.process_time() - cpu
        used = sample(self._cluster.pid).cpu_s
        server_s = sum(used.values()) - sum(before.cpu_s.values())
        return Run(done=self._done - done, seconds=took, server_s=server_s, client_s=client_s)

    async def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            await connection.close()

    async def _load(self, connection: psycopg.AsyncConnection[Any]) -> None:
        async with connection.cursor() as cursor:
            rows = [(one.number, [one.skill]) for one in self._shape.all_signatures()]
            await cursor.executemany("INSERT INTO signatures VALUES (%s, %s)", rows)
            async with cursor.copy("COPY agents (id, skills, cap, idle_since) FROM STDIN") as copy:
                for person in self._shape.people():
                    await copy.write_row((person.number, list(person.skills), self._shape.units, person.number - 2**31))

    async def _drive(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(self._work(connection, until) for connection in self._connections))

    async def _work(self, connection: psycopg.AsyncConnection[Any], until: float) -> None:
        while time.perf_counter() < until:
            await self._arrive(connection, self._batch)
            await self._end(connection)
            await self._accept(connection, self._batch)

    async def _arrive(self, connection: psycopg.AsyncConnection[Any], count: int) -> None:
        wanted = [next(self._stream).number for _ in range(count)]
        answer = await connection.execute("SELECT * FROM enqueue_many(%s::integer[])", [wanted], prepare=True)
        self._offers.extend(await answer.fetchall())

    async def _end(self, connection: psycopg.AsyncConnection[Any]) -> None:
        pairs = self._take(self._active, self._batch)
        if pairs:
            answer = await connection.execute(
                "SELECT * FROM finish_many(%s::bigint[], %s::integer[])", _columns(pairs), prepare=True
            )
            self._offers.extend(await answer.fetchall())
            self._done += len(pairs)

    async def _accept(self, connection: psycopg.AsyncConnection[Any], count: int) -> None:
        pairs = self._take(self._offers, count)
        if pairs:
            await connection.execute("SELECT accept_many(%s::bigint[], %s::integer[])", _columns(pairs), prepare=True)
            self._active.extend(pairs)

    @staticmethod
    def _take(from_: deque[Pair], count: int) -> list[Pair]:
        return [from_.popleft() for _ in range(min(count, len(from_)))]


def _columns(pairs: list[Pair]) -> list[list[int]]:
    return [[item for item, _ in pairs], [agent for _, agent in pairs]]


def _portions(count: int) -> list[int]:
    return [min(_PORTION, count - start) for start in range(0, count, _PORTION)]
