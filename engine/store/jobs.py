"""Jobs: functions that a database thread runs for a coroutine, and how their results come back.

A batch settles with one wake-up of each event loop. A caller that was cancelled meanwhile is passed over: its job
has run all the same.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from engine.errors import CordboardError, InvalidInput, Unavailable
from engine.store.connect import away, too_much
from engine.store.direct import Cursor

Work = Callable[[Connection], Any]
"""What a job does in its transaction: SQL only, safe to run again."""


class OneStatement(ABC):
    """Work that is one statement on PostgreSQL, so that a batch of it needs one round trip."""

    __slots__ = ()

    @abstractmethod
    def __call__(self, conn: Connection) -> Any:  # noqa: ANN401 -- what the job returns is its caller's affair
        """Do the work at once."""

    @abstractmethod
    def send(self, conn: Connection) -> Cursor:
        """Send the statement without waiting for its answer."""

    @abstractmethod
    def finish(self, conn: Connection, sent: Cursor) -> Any:  # noqa: ANN401 -- as above
        """Read the answer. Whatever of the engine's errors it raises, the statement wrote nothing then."""


@dataclass(kw_only=True, slots=True)  # not frozen: made for each message, and that doubles what making one costs
class Job:
    """One function to run in a transaction, and who waits for it."""

    work: Work
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    urgent: bool = False  # goes first within what waits
    single: bool = False  # one statement, which needs no transaction around it
    since: float = field(default_factory=time.perf_counter)


@dataclass(kw_only=True, slots=True)
class Settled:
    """A job that ran: its value, or the error that undid it."""

    job: Job
    value: Any = None
    error: Exception | None = None


def new_job(work: Work, *, urgent: bool = False, single: bool = False) -> Job:
    """Make a job for the running coroutine."""
    loop = asyncio.get_running_loop()
    return Job(work=work, future=loop.create_future(), loop=loop, urgent=urgent, single=single)


def put_bounded(queue: SimpleQueue[Job | None], job: Job, bound: int) -> None:
    """Queue a job; raise Unavailable (``store-busy``) when ``bound`` jobs wait already."""
    if queue.qsize() >= bound:
        raise Unavailable("the database is not keeping up", slug="store-busy", mend="Try again in a moment.")
    queue.put(job)


def settle(outcomes: Sequence[Settled]) -> None:
    """Hand results to the loops that wait for them; called from a database thread."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Settled]] = defaultdict(list)
    for outcome in outcomes:
        by_loop[outcome.job.loop].append(outcome)
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_deliver, settled)
        except RuntimeError:
            continue  # the loop is closed: nobody waits any more


def _deliver(settled: Sequence[Settled]) -> None:
    for one in settled:
        future = one.job.future
        if future.done():
            continue
        if one.error is None:
            future.set_result(one.value)
        else:
            future.set_exception(one.error)


def as_engine_error(error: Exception) -> Exception:
    """Turn a failing database into Unavailable, a value it cannot keep into InvalidInput; leave everything else."""
    if isinstance(error, CordboardError):
        return error
    if isinstance(error, DataError | OverflowError | psycopg.DataError) or too_much(error):
        refused = InvalidInput("a value is not one that the record can keep", mend="Check numbers and characters.")
        refused.__cause__ = error
        return refused
    if not away(error):
        return error
    unavailable = Unavailable(f"the database failed: {error}", slug="store-unavailable")
    unavailable.__cause__ = error
    return unavailable
