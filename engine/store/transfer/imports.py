"""Imports: the file's rows written a slice at a time, with how far they are in the same transaction.

So each row is written once, whatever dies when: what was not committed is read again, what was is behind the mark.
A row stands in a savepoint of its own; one that cannot be written is kept as it was given, and harms no neighbour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, Select, bindparam, delete, select, update

from engine.errors import CordboardError, NotFound, Unavailable
from engine.model.transfer import (
    MOST_FAILURES,
    Import,
    ImportOptions,
    ImportRow,
    ImportState,
    Mark,
    Noun,
    Outcome,
    Row,
    RowFailure,
)
from engine.store.access import Access
from engine.store.cases.tables import job_failures, jobs
from engine.store.connect import DRIVER_ERRORS, away, retryable
from engine.store.customers.accounts import lock_families
from engine.store.direct import execute, first
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow
from engine.store.transfer.cases import put_case
from engine.store.transfer.customers import put_account, put_contact
from engine.store.transfer.writing import Later, Writing
from engine.store.upsert import insert, insert_once

log = structlog.get_logger(__name__)

KIND = "import"
LATER = "later"
"""The reason of a row that will be tried again."""
SLICE_S = 0.03
"""What a transaction may take: everything else that the organisation writes waits for it."""
MOST_LATER = 100_000

_OF = (jobs.c.id == bindparam("id"), jobs.c.org_id == bindparam("org"), jobs.c.kind == KIND)
_ONE: Select[Any] = select(jobs).where(*_OF)
_LOCKED = _ONE.with_for_update()

Failures = list[RowFailure]

PUT: Mapping[Noun, Callable[[Writing, ImportRow], Outcome]] = {
    Noun.CONTACT: put_contact,
    Noun.ACCOUNT: put_account,
    Noun.CASE: put_case,
}


@dataclass(kw_only=True, slots=True)
class _Tally:
    """What became of the rows of one transaction."""

    count: int = 0
    last: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    failures: list[RowFailure] = field(default_factory=list)
    won: list[int] = field(default_factory=list)  # rows that failed for now before, and did not this time

    def of(self, outcome: Outcome) -> int:
        return self.outcomes.get(outcome, 0)

    def add(self, row: Row, outcome: Outcome, failure: RowFailure | None) -> None:
        self.count += 1
        self.last = row.number
        self.outcomes[outcome] = self.of(outcome) + 1
        if failure is not None:
            self.failures.append(failure)
        else:
            self.won.append(row.number)


class Imports:
    """Keep imports, and write their rows."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def add(self, one: Import) -> None:
        """Keep a new import."""
        row = {
            "id": one.id,
            "org_id": one.org_id,
            "kind": KIND,
            "state": one.state.value,
            "data": _data(one),
            "mark": dump(asdict(one.mark)),
            "total": 0,
            "done": 0,
            "failed": 0,
            "fault": "",
            "asked_by": one.asked_by,
            "asked_ms": one.asked_ms,
            "begun_ms": 0,
            "ended_ms": 0,
        }
        await self._access.write(one.org_id, lambda conn: insert(conn, jobs, row))

    async def get(self, org_id: str, import_id: str) -> Import:
        """Return an import; raise NotFound."""
        row = await self._access.look(lambda conn: first(conn, _ONE, {"id": import_id, "org": org_id}))
        return _read(_there(row, import_id))

    async def list(self, org_id: str, *, limit: int, before_id: str = "") -> list[Import]:
        """Return imports, newest first, ``before_id`` exclusive."""
        query = select(jobs).where(jobs.c.org_id == org_id, jobs.c.kind == KIND)
        if before_id:
            query = query.where(jobs.c.id < before_id)
        query = query.order_by(jobs.c.id.desc()).limit(limit)
        return [_read(row) for row in await self._access.look(lambda conn: conn.execute(query).all())]

    async def next(self, org_id: str) -> Import | None:
        """Return the oldest import whose file is whole and that has not ended."""
        ready = jobs.c.state.in_([ImportState.WAITING.value, ImportState.RUNNING.value])
        query = select(jobs).where(jobs.c.org_id == org_id, jobs.c.ended_ms == 0, jobs.c.kind == KIND, ready)
        row = await self._access.look(lambda conn: conn.execute(query.order_by(jobs.c.id).limit(1)).first())
        return None if row is None else _read(row)

    async def received(self, one: Import, *, size: int, whole: bool) -> Import:
        """Keep that so many bytes are on the disk, and whether these are all; nothing where others came first."""

        def work(conn: Connection) -> Import:
            present = _read(_there(first(conn, _LOCKED, {"id": one.id, "org": one.org_id}), one.id))
            if present.state is not ImportState.RECEIVING or present.size != one.size:
                return present
            state = ImportState.WAITING if whole else ImportState.RECEIVING
            after = replace(present, size=size, state=state)
            _set(conn, one.id, state=state.value, data=_data(after))
            return after

        return await self._access.write(one.org_id, work)

    async def begin(self, one: Import, *, total: int, now_ms: int) -> Import:
        """Keep how many rows there are; nothing where that is known."""
        wanted = (jobs.c.id == one.id, jobs.c.begun_ms == 0, jobs.c.ended_ms == 0)
        values = {"total": total, "begun_ms": now_ms, "state": ImportState.RUNNING.value}
        await self._access.execute(one.org_id, update(jobs).where(*wanted).values(**values))
        return await self.get(one.org_id, one.id)

    async def put(self, one: Import, rows: Sequence[Row], *, today: str, now_ms: int) -> Import:
        """Write the next rows, as many as a short transaction takes, and the mark behind them; return the import.

        Nothing where the mark was moved, or the import ended, meanwhile.
        """
        return await self._access.write(one.org_id, lambda conn: _put(conn, self._access, one, rows, (today, now_ms)))

    async def turn(self, one: Import, *, now_ms: int) -> Import:
        """Begin the next round of rows that wait for others, or end the import where none helps."""
        return await self._access.write(one.org_id, lambda conn: _turn(conn, one, now_ms))

    async def end(self, org_id: str, import_id: str, state: ImportState, *, fault: str = "", now_ms: int) -> Import:
        """End an import before its end; one that has ended stays as it is. Raises NotFound."""
        wanted = (jobs.c.id == import_id, jobs.c.org_id == org_id, jobs.c.ended_ms == 0, jobs.c.kind == KIND)
        values = {"state": state.value, "fault": fault[:2_000], "ended_ms": now_ms}
        await self._access.execute(org_id, update(jobs).where(*wanted).values(**values))
        return await self.get(org_id, import_id)

    async def failures(
        self, org_id: str, import_id: str, *, after_number: int = 0, limit: int = 200, later: bool = False
    ) -> Failures:
        """Return rows that failed, or those that wait for ``later`` ones, in order; raise NotFound."""
        await self.get(org_id, import_id)
        of = job_failures.c
        query = select(job_failures).where(of.job_id == import_id, of.org_id == org_id, of.number > after_number)
        query = query.where((of.reason == LATER) if later else (of.reason != LATER)).order_by(of.number).limit(limit)
        return [_failure(row) for row in await self._access.look(lambda conn: conn.execute(query).all())]

    async def unended(self, ids: Sequence[str]) -> frozenset[str]:
        """Return which of these imports may need their file still."""
        query = select(jobs.c.id).where(jobs.c.id.in_(ids), jobs.c.ended_ms == 0)
        return frozenset(row.id for row in await self._access.look(lambda conn: conn.execute(query).all()))


def _put(conn: Connection, access: Access, one: Import, rows: Sequence[Row], when: tuple[str, int]) -> Import:
    held = first(conn, _LOCKED, {"id": one.id, "org": one.org_id})
    present = _read(_there(held, one.id))
    if present.ended_ms or present.mark != one.mark:
        return present
    today, now_ms = when
    writing = Writing(
        conn=conn, org_id=one.org_id, options=one.options, actor_id=one.asked_by, new_id=access.new_id, now_ms=now_ms,
        today=today,
    )  # fmt: skip
    if one.options.noun is Noun.ACCOUNT:
        lock_families(conn, one.org_id, now_ms)  # once, before any account's own row, as whoever moves one does
    tally = _write_all(writing, rows)
    _keep_failures(conn, one, tally)
    after = _after(one, tally, now_ms)
    _set(
        conn, one.id, mark=dump(asdict(after.mark)), failed=after.failed, done=_done(after.mark), fault=after.fault,
        state=after.state.value, ended_ms=after.ended_ms,
    )  # fmt: skip
    return after


def _write_all(w: Writing, rows: Sequence[Row]) -> _Tally:
    tally, until = _Tally(), time.perf_counter() + SLICE_S
    if w.options.dry_run:
        execute(w.conn, "SAVEPOINT slice", ())
    for row in rows:
        tally.add(row, *_write(w, row))
        if time.perf_counter() > until:
            break
    if w.options.dry_run:
        execute(w.conn, "ROLLBACK TO SAVEPOINT slice", ())
        execute(w.conn, "RELEASE SAVEPOINT slice", ())
    return tally


def _write(w: Writing, row: Row) -> tuple[Outcome, RowFailure | None]:
    """Write a row, or say why not; raise what is the database's fault and not the row's."""
    if isinstance(row, RowFailure):
        return Outcome.FAILED, row
    execute(w.conn, "SAVEPOINT one", ())
    try:
        outcome = PUT[w.options.noun](w, row)
    except Unavailable:
        raise
    except CordboardError as error:
        later = isinstance(error, Later) and row.whole
        where = str(error.fields.get("field", ""))
        failure = RowFailure(
            number=row.number, reason=error.slug, detail=str(error), field=where, row=row.given, later=later
        )
    except DRIVER_ERRORS as error:
        if retryable(error) or away(error):
            raise
        failure = _unexpected(w, row, error)
    except Exception as error:  # noqa: BLE001 -- a defect of ours must not stop the rows behind it
        failure = _unexpected(w, row, error)
    else:
        execute(w.conn, "RELEASE SAVEPOINT one", ())
        return outcome, None
    execute(w.conn, "ROLLBACK TO SAVEPOINT one", ())
    execute(w.conn, "RELEASE SAVEPOINT one", ())
    return (Outcome.LATER if failure.later else Outcome.FAILED), failure


def _unexpected(w: Writing, row: ImportRow, error: Exception) -> RowFailure:
    log.error("a row cannot be imported", org=w.org_id, number=row.number, exc_info=error)
    detail = "Something went wrong; see the log."
    return RowFailure(number=row.number, reason="internal", detail=detail, row=row.given)


def _after(one: Import, tally: _Tally, now_ms: int) -> Import:
    """Return the import with its mark behind the rows that were written."""
    mark = replace(
        one.mark,
        created=one.mark.created + tally.of(Outcome.CREATED),
        updated=one.mark.updated + tally.of(Outcome.UPDATED),
        unchanged=one.mark.unchanged + tally.of(Outcome.UNCHANGED),
        skipped=one.mark.skipped + tally.of(Outcome.SKIPPED),
    )
    if one.mark.round == 0:
        mark = replace(mark, row=one.mark.row + tally.count, later=one.mark.later + tally.of(Outcome.LATER))
    else:
        gone = tally.count - tally.of(Outcome.LATER)
        mark = replace(mark, after=tally.last or mark.after, won=mark.won + gone, later=one.mark.later - gone)
    after = replace(one, mark=mark, failed=one.failed + tally.of(Outcome.FAILED))
    if after.failed > MOST_FAILURES or mark.later > MOST_LATER:
        fault = f"More than {MOST_FAILURES:,} rows failed. Is it the right file, and are its columns mapped?"
        return replace(after, state=ImportState.FAILED, fault=fault, ended_ms=now_ms)
    return after


def _keep_failures(conn: Connection, one: Import, tally: _Tally) -> None:
    of = job_failures.c
    if one.mark.round and tally.won:
        gone = delete(job_failures).where(of.job_id == one.id, of.number.in_(tally.won))
        conn.execute(gone)
    for failure in tally.failures:
        reason, data = LATER if failure.later else failure.reason, _failure_data(failure)
        key = {"job_id": one.id, "number": failure.number}
        row = {**key, "org_id": one.org_id, "ref": failure.field, "reason": reason, "data": data}
        if not insert_once(conn, job_failures, row) and not failure.later:
            known = (of.job_id == one.id, of.number == failure.number)
            conn.execute(update(job_failures).where(*known).values(ref=failure.field, reason=reason, data=data))


def _turn(conn: Connection, one: Import, now_ms: int) -> Import:
    present = _read(_there(first(conn, _LOCKED, {"id": one.id, "org": one.org_id}), one.id))
    if present.ended_ms or present.mark != one.mark:
        return present
    helped = one.mark.round == 0 or one.mark.won > 0
    if one.mark.later and helped and not one.options.dry_run:
        after = replace(one, mark=replace(one.mark, round=one.mark.round + 1, after=0, won=0))
    else:
        _give_up_waiting(conn, one)
        mark = replace(one.mark, later=0)
        after = replace(one, mark=mark, failed=one.failed + one.mark.later, state=ImportState.DONE, ended_ms=now_ms)
    _set(
        conn, one.id, mark=dump(asdict(after.mark)), failed=after.failed, state=after.state.value,
        ended_ms=after.ended_ms,
    )  # fmt: skip
    return after


def _give_up_waiting(conn: Connection, one: Import) -> None:
    of = job_failures.c
    waiting = (of.job_id == one.id, of.reason == LATER)
    conn.execute(update(job_failures).where(*waiting).values(reason=f"unknown-{one.options.noun.value}"))


def _done(mark: Mark) -> int:
    return mark.created + mark.updated + mark.unchanged + mark.skipped


def _set(conn: Connection, import_id: str, **values: object) -> None:
    conn.execute(update(jobs).where(jobs.c.id == import_id).values(**values))


def _there(row: AnyRow | None, import_id: str) -> AnyRow:
    if row is None:
        raise NotFound(f"there is no import {import_id}", slug="unknown-import")
    return row


def _data(one: Import) -> str:
    return dump({"options": asdict(one.options), "size": one.size})


def _read(row: AnyRow) -> Import:
    data = load(row.data)
    size = data["size"]
    return Import(
        id=row.id,
        org_id=row.org_id,
        options=msgspec.convert(data["options"], ImportOptions),
        asked_by=row.asked_by,
        asked_ms=row.asked_ms,
        state=ImportState(row.state),
        mark=msgspec.convert(load(row.mark), Mark),
        size=size if isinstance(size, int) else 0,
        total=row.total,
        failed=row.failed,
        fault=row.fault,
        begun_ms=row.begun_ms,
        ended_ms=row.ended_ms,
    )


def _failure_data(one: RowFailure) -> str:
    return dump({"detail": one.detail[:1_000], "row": dict(one.row)})


def _failure(row: AnyRow) -> RowFailure:
    data = load(row.data)
    given = data.get("row")
    return RowFailure(
        number=row.number,
        reason=row.reason,
        detail=str(data.get("detail", "")),
        field=row.ref,
        row=given if isinstance(given, dict) else {},
        later=row.reason == LATER,
    )
