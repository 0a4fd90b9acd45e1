"""Jobs over many cases, how far they are, and what failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from engine.errors import NotFound
from engine.model.job import ChosenCase, Job, JobFailure, JobKind, JobState
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.sight import cases_seen
from engine.store.cases.tables import cases, job_failures, jobs
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow
from engine.store.upsert import insert, insert_once

KINDS = tuple(kind.value for kind in JobKind)
BRIEF = [column for column in jobs.c if column.name != "data"]


class CaseJobs:
    """Keep jobs over many cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def chosen(
        self, org_id: str, ids: Sequence[str], *, most: int, sight: Sight = EVERYTHING
    ) -> list[ChosenCase]:
        """Return up to ``most`` of these cases with their versions; the version of one not there is 0."""
        query = select(cases.c.id, cases.c.version).where(
            cases.c.org_id == org_id, cases.c.id.in_(ids[:most]), cases_seen(org_id, sight, write=True)
        )
        rows = await self._access.look(lambda conn: conn.execute(query).all())
        versions = {row.id: row.version for row in rows}
        return [ChosenCase(id=one, version=versions.get(one, 0)) for one in dict.fromkeys(ids[:most])]

    async def add(self, job: Job) -> None:
        """Keep a new job."""
        what = {
            "macro": job.macro,
            "changes": dict(job.changes),
            "why": job.why,
            "agent_name": job.agent_name,
            "cases": [[one.id, one.version] for one in job.cases],
        }
        row = {
            "id": job.id,
            "org_id": job.org_id,
            "kind": job.kind.value,
            "state": job.state.value,
            "data": dump(what),
            "mark": str(job.mark),
            "total": job.total,
            "done": 0,
            "failed": 0,
            "fault": "",
            "asked_by": job.asked_by,
            "asked_ms": job.asked_ms,
            "begun_ms": 0,
            "ended_ms": 0,
        }
        await self._access.write(job.org_id, lambda conn: insert(conn, jobs, row))

    async def get(self, org_id: str, job_id: str) -> Job:
        """Return a job without its cases; raise NotFound."""
        query = select(*BRIEF).where(jobs.c.id == job_id, jobs.c.org_id == org_id, jobs.c.kind.in_(KINDS))
        row = await self._access.look(lambda conn: conn.execute(query).first())
        if row is None:
            raise NotFound(f"there is no job {job_id}", slug="unknown-job")
        return _job(row)

    async def list(self, org_id: str, *, limit: int, asked_by: str | None = None) -> list[Job]:
        """Return jobs (of one user) without their cases, newest first."""
        of_org = [jobs.c.org_id == org_id, jobs.c.kind.in_(KINDS)]
        if asked_by is not None:
            of_org.append(jobs.c.asked_by == asked_by)
        query = select(*BRIEF).where(*of_org).order_by(jobs.c.id.desc()).limit(limit)
        return [_job(row) for row in await self._access.look(lambda conn: conn.execute(query).all())]

    async def next(self, org_id: str) -> Job | None:
        """Return the oldest job that has not ended, with its cases."""
        waiting = (jobs.c.org_id == org_id, jobs.c.ended_ms == 0, jobs.c.kind.in_(KINDS))
        query = select(jobs).where(*waiting).order_by(jobs.c.id).limit(1)
        row = await self._access.look(lambda conn: conn.execute(query).first())
        return None if row is None else _job(row, load(row.data))

    async def advance(self, job: Job, *, mark: int, failures: Sequence[JobFailure], now_ms: int) -> None:
        """Move a job's mark on and keep what failed, in one transaction; nothing where the mark was moved before."""
        await self._access.write(job.org_id, lambda conn: _advance(conn, job, mark, failures, now_ms))

    async def cancel(self, org_id: str, job_id: str, *, now_ms: int) -> Job:
        """End a job before its end; one that has ended stays as it is. Raises NotFound."""
        wanted = (jobs.c.id == job_id, jobs.c.org_id == org_id, jobs.c.ended_ms == 0, jobs.c.kind.in_(KINDS))
        ended = update(jobs).where(*wanted).values(state=JobState.CANCELLED.value, ended_ms=now_ms)
        await self._access.execute(org_id, ended)
        return await self.get(org_id, job_id)

    async def failures(self, org_id: str, job_id: str, *, after_number: int, limit: int) -> Sequence[JobFailure]:
        """Return what failed, in the order of the job's cases, ``after_number`` exclusive; raise NotFound."""
        await self.get(org_id, job_id)
        query = (
            select(job_failures, cases.c.number.label("case_number"))
            .join(cases, (cases.c.id == job_failures.c.ref) & (cases.c.org_id == org_id), isouter=True)
            .where(
                job_failures.c.job_id == job_id, job_failures.c.org_id == org_id, job_failures.c.number > after_number
            )
            .order_by(job_failures.c.number)
            .limit(limit)
        )
        rows = await self._access.look(lambda conn: conn.execute(query).all())
        return [
            JobFailure(
                number=row.number,
                case_id=row.ref,
                reason=row.reason,
                detail=str(load(row.data)["detail"]),
                case_number=row.case_number or 0,
            )
            for row in rows
        ]


def _advance(conn: Connection, job: Job, mark: int, failures: Sequence[JobFailure], now_ms: int) -> None:
    moved = (
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.mark == str(job.mark))
        .values(
            mark=str(mark),
            done=jobs.c.done + (mark - job.mark - len(failures)),
            failed=jobs.c.failed + len(failures),
            begun_ms=job.begun_ms or now_ms,
        )
    )
    if conn.execute(moved).rowcount != 1:
        return
    for one in failures:
        row = {
            "job_id": job.id,
            "number": one.number,
            "org_id": job.org_id,
            "ref": one.case_id,
            "reason": one.reason,
            "data": dump({"detail": one.detail}),
        }
        insert_once(conn, job_failures, row)
    over = mark >= job.total
    state = {"state": JobState.DONE.value, "ended_ms": now_ms} if over else {"state": JobState.RUNNING.value}
    conn.execute(update(jobs).where(jobs.c.id == job.id, jobs.c.ended_ms == 0).values(**state))


def _job(row: AnyRow, what: dict[str, Any] | None = None) -> Job:
    known = what or {}
    return Job(
        id=row.id,
        org_id=row.org_id,
        kind=JobKind(row.kind),
        asked_by=row.asked_by,
        asked_ms=row.asked_ms,
        cases=[ChosenCase(id=case_id, version=version) for case_id, version in known.get("cases", [])],
        macro=known.get("macro", ""),
        changes=known.get("changes", {}),
        why=known.get("why", ""),
        agent_name=known.get("agent_name", ""),
        state=JobState(row.state),
        mark=int(row.mark or 0),
        total=row.total,
        done=row.done,
        failed=row.failed,
        begun_ms=row.begun_ms,
        ended_ms=row.ended_ms,
    )
