"""Many rows at once, as a job that goes on where it was cut off.

Rows go to the driver itself: ``COPY`` on PostgreSQL (https://www.postgresql.org/docs/current/populate.html), one
prepared statement on SQLite. They are trusted: nothing is checked but what the database checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, bindparam, select, update

from engine.errors import Conflict
from engine.store.access import Access
from engine.store.cases.tables import jobs
from engine.store.cases.writes import ensure_organisation
from engine.store.columns import METADATA
from engine.store.customers.tables import accounts, contacts
from engine.store.direct import first, run
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow
from engine.store.tables import organisations
from engine.store.upsert import insert_once

RowsByTable = Mapping[str, Sequence[Mapping[str, object]]]

_JOB = select(jobs).where(jobs.c.id == bindparam("job"), jobs.c.org_id == bindparam("org"))
_MARK = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"), jobs.c.mark == bindparam("before"))
    .values(mark=bindparam("after"), done=bindparam("count"))
)
_END = update(jobs).where(jobs.c.id == bindparam("job")).values(state="done", ended_ms=bindparam("now"))
_NUMBERS = (
    update(organisations)
    .where(organisations.c.org_id == bindparam("org"))
    .values(case_count=organisations.c.case_count + bindparam("cases"))
    .returning(organisations.c.case_count)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkJob:
    """A set of rows that is being written."""

    id: str
    data: Mapping[str, object]  # what it was begun with
    mark: int  # number of the next chunk
    ended: bool


class Bulk:
    """Write many rows."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def empty(self, org_id: str) -> bool:
        """Say whether the organisation has no customers and no cases."""

        def look(conn: Connection) -> bool:
            query = select(organisations.c.case_count).where(organisations.c.org_id == org_id)
            if conn.execute(query).scalar():
                return False
            some = (
                conn.execute(select(one.c.id).where(one.c.org_id == org_id).limit(1)) for one in (contacts, accounts)
            )
            return all(found.first() is None for found in some)

        return await self._access.read(look)

    async def known(self, org_id: str, job_id: str) -> BulkJob | None:
        """Return a job that was begun."""
        row = await self._access.look(lambda conn: first(conn, _JOB, {"job": job_id, "org": org_id}))
        return None if row is None else _read(row)

    async def begin(
        self, org_id: str, job_id: str, *, data: Mapping[str, object], total: int, cases: int, now_ms: int
    ) -> BulkJob:
        """Return the job of this id, begun with ``data`` and so many case numbers unless it was before. Idempotent."""

        def work(conn: Connection) -> BulkJob:
            row = first(conn, _JOB, {"job": job_id, "org": org_id})
            if row is None:
                ensure_organisation(conn, org_id, now_ms)
                last = run(conn, _NUMBERS, {"org": org_id, "cases": cases}).fetchone()
                assert last is not None
                begun = {**data, "first_number": last[0] - cases}
                insert_once(conn, jobs, _job_row(org_id, job_id, data=begun, total=total, now_ms=now_ms))
                row = first(conn, _JOB, {"job": job_id, "org": org_id})
            assert row is not None
            return _read(row)

        return await self._access.write(org_id, work)

    async def put(self, org_id: str, job_id: str, rows: RowsByTable, *, mark: str, done: int) -> None:
        """Write rows by table, and where the job goes on, in one transaction; columns left out are empty.

        Raises Conflict when another process has written this part meanwhile.
        """
        before = str(int(mark) - 1)

        def work(conn: Connection) -> None:
            values = {"job": job_id, "before": before if before != "0" else "", "after": mark, "count": done}
            if run(conn, _MARK, values).rowcount != 1:
                raise Conflict("another process writes the same data", mend="Wait for it, or end it.")
            for name, some in rows.items():
                if some:
                    _insert(conn, METADATA.tables[name], org_id, some)

        await self._access.write(org_id, work)

    async def end(self, org_id: str, job_id: str, *, now_ms: int) -> None:
        """Mark a job as done; PostgreSQL counts what is in its tables now. Idempotent."""

        def work(conn: Connection) -> None:
            run(conn, _END, {"job": job_id, "now": now_ms})
            if conn.dialect.name == "postgresql":
                conn.exec_driver_sql("ANALYZE")

        await self._access.write(org_id, work)


def _read(row: AnyRow) -> BulkJob:
    return BulkJob(id=row.id, data=load(row.data), mark=int(row.mark or 0), ended=row.ended_ms > 0)


def _job_row(org_id: str, job_id: str, *, data: Mapping[str, object], total: int, now_ms: int) -> dict[str, object]:
    return {
        "id": job_id,
        "org_id": org_id,
        "kind": "demo_data",
        "state": "running",
        "data": dump(data),
        "mark": "",
        "total": total,
        "done": 0,
        "failed": 0,
        "fault": "",
        "asked_by": "",
        "asked_ms": now_ms,
        "begun_ms": now_ms,
        "ended_ms": 0,
    }


@cache
def _empty(table: Table) -> tuple[tuple[str, object], ...]:
    """Return each column with what it holds when nothing is given."""
    return tuple((one.name, 0 if isinstance(one.type, BigInteger) else "") for one in table.columns)


def _insert(conn: Connection, table: Table, org_id: str, rows: Sequence[Mapping[str, object]]) -> None:
    columns = [(name, org_id if name == "org_id" else empty) for name, empty in _empty(table)]
    values = [tuple([row.get(name, empty) for name, empty in columns]) for row in rows]
    names = ", ".join(f'"{name}"' for name, _ in columns)
    driver: Any = conn.connection.dbapi_connection
    if conn.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in values:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(columns))
        driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', values)  # noqa: S608 -- names of ours
