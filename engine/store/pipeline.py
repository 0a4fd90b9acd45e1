"""Several jobs of one statement each in one round trip (PostgreSQL's pipeline mode)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

from sqlalchemy import Connection

from engine.errors import CordboardError
from engine.store.connect import raw
from engine.store.direct import Cursor
from engine.store.jobs import Job, OneStatement, Settled, as_engine_error


class PipelineConnection(Protocol):
    """What psycopg's connection offers for it."""

    def execute(self, statement: str, /) -> object:
        """Send a statement."""
        ...

    def pipeline(self) -> AbstractContextManager[Any]:
        """Do not wait for answers within; leaving raises the first error among them."""
        ...


def leading(batch: Sequence[Job]) -> int:
    """Count the jobs at the head of ``batch`` that can be sent."""
    count = 0
    for job in batch:
        if not isinstance(job.work, OneStatement):
            break
        count += 1
    return count


def send_all(connection: Connection, jobs: Sequence[Job], *, commit: bool) -> list[Settled]:
    """Send ``jobs`` into the transaction that has begun, and its COMMIT if wanted; read all answers.

    Raises the driver's error when a statement failed: then nothing is committed.
    """
    driver = cast("PipelineConnection", raw(connection))
    sent: list[tuple[Job, OneStatement, Cursor]] = []
    with driver.pipeline():
        for job in jobs:
            work = cast("OneStatement", job.work)
            sent.append((job, work, work.send(connection)))
        if commit:
            driver.execute("COMMIT")
    return [_finished(connection, *one, committed=commit) for one in sent]


def _finished(connection: Connection, job: Job, work: OneStatement, cursor: Cursor, *, committed: bool) -> Settled:
    try:
        return Settled(job=job, value=work.finish(connection, cursor))
    except CordboardError as error:
        return Settled(job=job, error=error)  # its statement wrote nothing
    except Exception as error:
        if not committed:
            raise
        # What is committed must not be run again.
        return Settled(job=job, error=as_engine_error(error))
