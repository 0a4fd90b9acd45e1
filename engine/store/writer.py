"""Group commit: threads that run many small transactions as one.

A lane is one thread with one connection. It takes what waits (at most ``BATCH``), runs each job in a savepoint, so
that a failing job harms no neighbour, commits once, then settles all. A job alone needs no savepoint; where they cost
round trips, a batch is tried without, and run again with them if a job fails. Nothing waits to be gathered: while one
batch syncs, the next one collects. SQLite has one lane. PostgreSQL has several; jobs of one organisation share a lane,
because lanes that lock the same rows in different orders would only wait for the deadlock detector. Other processes
still can meet us there: a batch that the server refuses for that is run again, job by job.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from engine.errors import Unavailable
from engine.store.connect import DRIVER_ERRORS, Backend, raw, retryable
from engine.store.jobs import Job, Settled, as_engine_error, new_job, put_bounded, settle

log = structlog.get_logger(__name__)

T = TypeVar("T")

BATCH = 64
BOUND = 8_192
"""Jobs that may wait per lane; more are refused."""
TRIES = 6
"""How often a job is run alone after the server refused it for its neighbours' sake."""


class Lane:
    """One writing thread; see the module."""

    def __init__(self, *, backend: Backend, name: str) -> None:
        self._backend = backend
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._connection: Connection | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job; raise Unavailable when too many wait."""
        put_bounded(self._queue, job, BOUND)

    def finish(self) -> None:
        """Do what waits, then end; blocks. Jobs put later are never run."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._gather()
            if batch:
                settle(self._outcomes(batch))
        self._drop()

    def _gather(self) -> tuple[list[Job], bool]:
        """Take the next batch; False once the lane shall end."""
        batch: list[Job] = []
        job = self._queue.get()
        while job is not None:
            batch.append(job)
            if len(batch) == BATCH:
                return batch, True
            try:
                job = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _outcomes(self, batch: Sequence[Job]) -> list[Settled]:
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
            settled = self._run_bare(connection, batch) if self._bare(batch) else None
            return settled or self._run_guarded(connection, batch)
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
        raw(self._connection).execute(self._backend.begin_write)
        return self._connection

    def _bare(self, batch: Sequence[Job]) -> bool:
        return len(batch) == 1 or self._backend.savepoints_cost

    def _run_bare(self, connection: Connection, batch: Sequence[Job]) -> list[Settled] | None:
        """Run all jobs without savepoints; None, in a new transaction, when one of several failed."""
        execute = raw(connection).execute
        settled: list[Settled] = []
        for job in batch:
            try:
                settled.append(Settled(job=job, value=job.work(connection)))
            except Exception as error:
                if retryable(error):
                    raise
                execute("ROLLBACK")
                if len(batch) == 1:
                    return [Settled(job=job, error=as_engine_error(error))]
                execute(self._backend.begin_write)
                return None
        execute("COMMIT")
        return settled

    def _run_guarded(self, connection: Connection, batch: Sequence[Job]) -> list[Settled]:
        """Run each job in a savepoint of the transaction that has begun, and commit."""
        execute = raw(connection).execute
        settled: list[Settled] = []
        for job in batch:
            execute("SAVEPOINT job")
            try:
                settled.append(Settled(job=job, value=job.work(connection)))
            except Exception as error:
                if retryable(error):
                    raise
                execute("ROLLBACK TO SAVEPOINT job")
                settled.append(Settled(job=job, error=as_engine_error(error)))
            execute("RELEASE SAVEPOINT job")
        execute("COMMIT")
        return settled

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
            try:
                connection.invalidate()
                connection.close()
            except DRIVER_ERRORS:
                log.debug("a broken connection was given up")


def _all_failed(batch: Sequence[Job], error: Exception) -> list[Settled]:
    log.warning("transaction failed", jobs=len(batch), error=str(error))
    failure = as_engine_error(error)
    return [Settled(job=job, error=failure) for job in batch]


class Writer:
    """Route jobs to lanes."""

    def __init__(self, *, backend: Backend) -> None:
        self._lanes = [Lane(backend=backend, name=f"store-write-{number}") for number in range(backend.lanes)]
        self._open = False

    def start(self) -> None:
        """Start the threads."""
        for lane in self._lanes:
            lane.start()
        self._open = True

    async def stop(self) -> None:
        """Refuse new jobs, finish those that wait, end the threads."""
        if self._open:
            self._open = False
            await asyncio.gather(*(asyncio.to_thread(lane.finish) for lane in self._lanes))

    async def run(self, key: str, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a write transaction and return its value after the commit.

        Jobs with the same ``key`` run one after the other. Cancelling the caller does not undo the job. Raises what
        ``work`` raises, or Unavailable when the database is away or too far behind.
        """
        if not self._open:
            raise Unavailable("the store is not open", slug="store-closed")
        job = new_job(work)
        self._lanes[zlib.crc32(key.encode()) % len(self._lanes)].put(job)
        value: T = await job.future
        return value
