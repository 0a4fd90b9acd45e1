"""Threads that read, each with its own connection; one snapshot per job."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

from sqlalchemy import Connection

from engine.errors import Unavailable
from engine.store.connect import Backend, away, give_up, raw
from engine.store.jobs import Job, Settled, as_engine_error, new_job, put_bounded, settle

T = TypeVar("T")

BOUND = 8_192


class Reader:
    """Run reading jobs in a few threads."""

    def __init__(self, *, backend: Backend) -> None:
        self._backend = backend
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"store-read-{number}", daemon=True)
            for number in range(backend.readers)
        ]
        self._open = False

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()
        self._open = True

    async def stop(self) -> None:
        """Refuse new jobs, finish those that wait, end the threads."""
        if self._open:
            self._open = False
            for _ in self._threads:
                self._queue.put(None)
            await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in self._threads))

    async def run(self, work: Callable[[Connection], T], *, single: bool = False) -> T:
        """Run ``work`` in a read transaction and return its value; ``single``: it is one statement and needs none.

        Raises what ``work`` raises, or Unavailable when the database is away or too far behind.
        """
        if not self._open:
            raise Unavailable("the store is not open", slug="store-closed")
        job = new_job(work, single=single)
        put_bounded(self._queue, job, BOUND)
        value: T = await job.future
        return value

    def _run(self) -> None:
        connection: Connection | None = None
        while (job := self._queue.get()) is not None:
            if job.future.cancelled():
                continue
            outcome, connection = self._answer(job, connection)
            settle((outcome,))
        if connection is not None:
            give_up(connection)

    def _answer(self, job: Job, connection: Connection | None) -> tuple[Settled, Connection | None]:
        """Run a job; a connection that fails under it is replaced once."""
        failure: Exception = Unavailable("the database is away")
        for _ in range(2):
            try:
                connection = connection or self._backend.engine.connect()
                return Settled(job=job, value=self._read(connection, job)), connection
            except Exception as error:  # noqa: BLE001 -- whatever it is, it belongs to the job's caller
                failure = as_engine_error(error)
                if not away(error):
                    break
                if connection is not None:
                    give_up(connection)
                connection = None
        return Settled(job=job, error=failure), connection

    def _read(self, connection: Connection, job: Job) -> object:
        if job.single:
            return job.work(connection)
        execute = raw(connection).execute
        execute(self._backend.begin_read)
        try:
            value: object = job.work(connection)
        except BaseException:
            execute("ROLLBACK")
            raise
        execute("COMMIT")
        return value
