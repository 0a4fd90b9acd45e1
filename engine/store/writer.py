"""Group commit: threads that run many small transactions as one.

A lane is one thread with one connection. It takes what waits (at most ``BATCH``, urgent jobs first), runs each job in
a savepoint, so that a failing job harms no neighbour, commits once, then settles all. Where messages are among them
or wait by then, jobs that are not urgent get as long as a commit takes, and the rest goes back to the head of the
queue; one of them always runs, so that they get on however slow the database is. A batch is first tried without
savepoints, on a server with the jobs of one statement sent together, and run again with them if a job fails, which is
rare. Nothing
waits to be gathered: while one batch syncs, the next one collects. SQLite has one lane. PostgreSQL has several; jobs
of one organisation share a lane, because lanes that lock the same rows in different orders would only wait for the
deadlock detector. Other processes still can meet us there: a batch that the server refuses for that is run again, job
by job.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from engine.errors import Unavailable
from engine.store.checkpoint import Checkpointer
from engine.store.connect import DRIVER_ERRORS, Backend, give_up, raw, retryable
from engine.store.inbox import Inbox
from engine.store.jobs import Job, Settled, as_engine_error, new_job, settle
from engine.store.pipeline import leading, send_all

log = structlog.get_logger(__name__)

T = TypeVar("T")

Observe = Callable[[float, float, int], None]
"""Hear of a batch: how long its oldest job waited, how long it took from BEGIN to COMMIT (seconds), how many jobs.

Called by the writing threads, several at a time; it must be quick and not raise.
"""

BATCH = 64
FEW = 8
"""Places of a batch that are kept for jobs that are not urgent."""
LEARNT = 0.2
"""What the latest commit counts in how long one takes."""
BOUND = 8_192
"""Jobs of each kind that may wait per lane; more are refused."""
TRIES = 6
"""How often a job is run alone after the server refused it for its neighbours' sake."""


class Lane:
    """One writing thread; see the module."""

    def __init__(self, *, backend: Backend, name: str, observe: Observe | None) -> None:
        self._backend = backend
        self._observe = observe
        self._inbox = Inbox()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._connection: Connection | None = None
        self._commit_s = 0.0
        self.written = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job; raise Unavailable when too many wait."""
        self._inbox.put(job, bound=BOUND)

    def finish(self) -> None:
        """Do what waits, then end; blocks. Jobs put later are never run."""
        self._inbox.close()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._inbox.take(BATCH, FEW):
            begun = time.perf_counter()
            settled = self._outcomes(batch)
            took = time.perf_counter() - begun
            self._inbox.put_back(batch[len(settled) :])
            settle(settled)
            if self._observe is not None:
                self._observe(begun - min(one.job.since for one in settled), took, len(settled))
        self._drop()

    def _outcomes(self, batch: Sequence[Job]) -> list[Settled]:
        """Run the batch, or as much of its beginning as time allows."""
        try:
            return self._transact(batch)
        except Exception as error:
            # A defect of ours must not end the only thread that writes.
            log.exception("the writer failed", jobs=len(batch))
            self._drop()
            return [Settled(job=job, error=as_engine_error(error)) for job in batch]

    def _transact(self, batch: Sequence[Job]) -> list[Settled]:
        try:
            connection = self._begin()
        except DRIVER_ERRORS as error:
            return _all_failed(batch, error)
        try:
            return self._run_bare(connection, batch) or self._run_guarded(connection, batch)
        except DRIVER_ERRORS as error:
            if not retryable(error):
                self._drop()
                return _all_failed(batch, error)
            raw(connection).execute("ROLLBACK")
        return [self._run_alone(job) for job in batch]

    def _begin(self) -> Connection:
        """Begin a transaction; a connection that died while idle is opened anew once."""
        if self._connection is not None:
            try:
                raw(self._connection).execute(self._backend.begin_write)
            except DRIVER_ERRORS:
                self._drop()
            else:
                return self._connection
        self._connection = self._backend.engine.connect()
        for statement in self._backend.tune_writer:
            raw(self._connection).execute(statement)
        raw(self._connection).execute(self._backend.begin_write)
        return self._connection

    def _commit(self, connection: Connection) -> None:
        begun = time.perf_counter()
        raw(connection).execute("COMMIT")
        self._commit_s += LEARNT * (time.perf_counter() - begun - self._commit_s)
        self.written += 1

    def _run_bare(self, connection: Connection, batch: Sequence[Job]) -> list[Settled] | None:
        """Run jobs without savepoints; None, in a new transaction, when one of several failed."""
        execute = raw(connection).execute
        settled: list[Settled] = []
        try:
            sent = leading(batch) if self._backend.round_trips else 0
            if sent:
                settled += send_all(connection, batch[:sent], commit=sent == len(batch))
            if sent and sent == len(batch):
                return settled
            for job in self._in_time(batch[sent:]):
                settled.append(Settled(job=job, value=job.work(connection)))
        except Exception as error:
            if retryable(error):
                raise
            execute("ROLLBACK")
            if len(batch) == 1:
                return [Settled(job=batch[0], error=as_engine_error(error))]
            execute(self._backend.begin_write)
            return None
        self._commit(connection)
        return settled

    def _run_guarded(self, connection: Connection, batch: Sequence[Job]) -> list[Settled]:
        """Run each job in a savepoint of the transaction that has begun, and commit."""
        execute = raw(connection).execute
        settled: list[Settled] = []
        for job in self._in_time(batch):
            execute("SAVEPOINT job")
            try:
                settled.append(Settled(job=job, value=job.work(connection)))
            except Exception as error:
                if retryable(error):
                    raise
                execute("ROLLBACK TO SAVEPOINT job")
                settled.append(Settled(job=job, error=as_engine_error(error)))
            execute("RELEASE SAVEPOINT job")
        self._commit(connection)
        return settled

    def _in_time(self, batch: Sequence[Job]) -> Iterator[Job]:
        """Yield urgent jobs, and others: one, and more while time is left or nothing urgent is among them or waits."""
        begun = 0.0
        for job in batch:
            if not job.urgent:
                pressing = batch[0].urgent or self._inbox.pressing
                if not begun:
                    begun = time.perf_counter()
                elif pressing and time.perf_counter() - begun > self._commit_s:
                    return
            yield job

    def _run_alone(self, job: Job) -> Settled:
        """Run a job in a transaction of its own, several times if the server refuses it."""
        failure: Exception = Unavailable("the database stayed busy", slug="store-busy")
        for attempt in range(TRIES):
            time.sleep(random.uniform(0, 0.01) * attempt)
            try:
                connection = self._begin()
                return self._run_guarded(connection, (job,))[0]
            except DRIVER_ERRORS as error:
                failure = as_engine_error(error)
                log.info("transaction refused, run again", attempt=attempt, error=str(error))
                self._drop()
                if not retryable(error):
                    break
        return Settled(job=job, error=failure)

    def _drop(self) -> None:
        """Give the connection up; its transaction, if any, is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            give_up(connection)


def _all_failed(batch: Sequence[Job], error: Exception) -> list[Settled]:
    log.warning("transaction failed", jobs=len(batch), error=str(error))
    failure = as_engine_error(error)
    return [Settled(job=job, error=failure) for job in batch]


class Writer:
    """Route jobs to lanes."""

    def __init__(self, *, backend: Backend, observe: Observe | None = None) -> None:
        names = [f"store-write-{number}" for number in range(backend.lanes)]
        self._lanes = [Lane(backend=backend, name=name, observe=observe) for name in names]
        self._checkpointer = Checkpointer(backend=backend, written=self._written) if backend.checkpoints else None
        self._open = False

    def start(self) -> None:
        """Start the threads."""
        for lane in self._lanes:
            lane.start()
        if self._checkpointer is not None:
            self._checkpointer.start()
        self._open = True

    async def stop(self) -> None:
        """Refuse new jobs, finish those that wait, end the threads."""
        if self._open:
            self._open = False
            await asyncio.gather(*(asyncio.to_thread(lane.finish) for lane in self._lanes))
            if self._checkpointer is not None:
                await asyncio.to_thread(self._checkpointer.finish)

    def _written(self) -> int:
        return sum(lane.written for lane in self._lanes)

    async def run(self, key: str, work: Callable[[Connection], T], *, urgent: bool = False) -> T:
        """Run ``work`` in a write transaction and return its value after the commit.

        Jobs with the same ``key`` run one after the other, ``urgent`` ones before others. Cancelling the caller does
        not undo the job. Raises what ``work`` raises, or Unavailable when the database is away or too far behind.
        """
        if not self._open:
            raise Unavailable("the store is not open", slug="store-closed")
        job = new_job(work, urgent=urgent)
        self._lanes[zlib.crc32(key.encode()) % len(self._lanes)].put(job)
        value: T = await job.future
        return value
