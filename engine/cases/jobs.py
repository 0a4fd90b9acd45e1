"""Jobs: a macro or a change done to many cases, a piece at a time.

Each case is one decision of its own, under its own version, and keeps a mark of the job. A job keeps how far it is;
what a crash leaves undone between cases and that mark is looked at again, and a case that was done says so. So no case
is done twice, and none is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from engine.cases.changes import Wish, wanted
from engine.cases.draft import CaseRules, Step
from engine.cases.listing import Viewer
from engine.cases.macro_step import Asked, applied, macro_of, once
from engine.cases.planner import planner
from engine.cases.sweep import ServedOrganisations
from engine.clock import Clock
from engine.errors import CordboardError, InvalidInput, NotFound, Unavailable
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.case_list import CaseFilter
from engine.model.casework import Decide, Decided
from engine.model.job import MOST_CASES, ChosenCase, Job, JobFailure, JobKind, JobState
from engine.model.organisation import Organisation
from engine.model.signal import DeskSignal, JobMoved
from engine.model.visibility import EVERYTHING, Sight

log = structlog.get_logger(__name__)

PIECE = 50
"""Cases done side by side between two marks."""
IDLE_S = 10.0
"""A job is looked for this often where no word of one comes: word may be lost, a job may not."""
TELL_EVERY_MS = 1_000


class JobRecord(Protocol):
    """Keep jobs in SQL; each method is one transaction."""

    async def chosen(self, org_id: str, ids: Sequence[str], *, most: int, sight: Sight) -> Sequence[ChosenCase]:
        """Return cases with their versions; those that somebody may write."""
        ...

    async def add(self, job: Job) -> None:
        """Keep a new job."""
        ...

    async def get(self, org_id: str, job_id: str) -> Job:
        """Return a job without its cases; raise NotFound."""
        ...

    async def list(self, org_id: str, *, limit: int, asked_by: str | None = None) -> Sequence[Job]:
        """Return jobs (of one user) without their cases, newest first."""
        ...

    async def next(self, org_id: str) -> Job | None:
        """Return the oldest job that has not ended, with its cases."""
        ...

    async def advance(self, job: Job, *, mark: int, failures: Sequence[JobFailure], now_ms: int) -> None:
        """Move a job's mark on and keep what failed."""
        ...

    async def cancel(self, org_id: str, job_id: str, *, now_ms: int) -> Job:
        """End a job before its end; raise NotFound."""
        ...

    async def failures(self, org_id: str, job_id: str, *, after_number: int, limit: int) -> Sequence[JobFailure]:
        """Return what failed; raise NotFound."""
        ...


class CaseRecord(Protocol):
    """Decide on cases in SQL."""

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Write what the pure function decides about the case."""
        ...


class CaseLists(Protocol):
    """Choose cases."""

    async def chosen(
        self, org_id: str, which: CaseFilter, viewer: Viewer, *, most: int, sight: Sight
    ) -> Sequence[ChosenCase]:
        """Return up to ``most`` cases that fit, with their versions; those that somebody may write."""
        ...


class Jobs:
    """Take in jobs, tell how far they are, and do them: a role of which one process plays it at a time."""

    name = "case-jobs"
    safe_twice = True

    def __init__(
        self,
        *,
        record: JobRecord,
        cases: CaseRecord,
        lists: CaseLists,
        organisations: ServedOrganisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self.record = record
        self._cases = cases
        self._lists = lists
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id
        self._news = asyncio.Event()
        self._told: dict[str, int] = {}  # job → when it was told of last
        self.told: Callable[[Job], None] = _nobody

    def hear(self, signal: DeskSignal) -> None:
        """Hear of a job, from whichever process: one that waits is looked for at once."""
        if isinstance(signal, JobMoved) and signal.job.state is JobState.WAITING:
            self._news.set()

    async def ask(
        self, job: Job, which: CaseFilter | Sequence[str], viewer: Viewer, *, sight: Sight = EVERYTHING
    ) -> Job:
        """Take in a job for the cases that there are now, with their versions; its id and time come from here.

        ``viewer`` is who asks for it. Raises InvalidInput: there are none, or more than MOST_CASES.
        """
        most = MOST_CASES + 1
        if isinstance(which, CaseFilter):
            found = await self._lists.chosen(job.org_id, which, viewer, most=most, sight=sight)
        else:
            found = await self.record.chosen(job.org_id, which, most=most, sight=sight)
        if len(found) > MOST_CASES:
            raise InvalidInput(f"More than {MOST_CASES:,} cases.", field="filter", mend="Do it in parts.")
        if not found:
            raise InvalidInput(
                "There are no such cases.", field="filter" if isinstance(which, CaseFilter) else "case_ids"
            )
        made = replace(job, id=self._new_id(), asked_ms=self._clock.now_ms(), cases=found, total=len(found))
        await self.record.add(made)
        self.told(made)
        self._news.set()
        return made

    async def cancel(self, org_id: str, job_id: str) -> Job:
        """End a job before its end; what is done stays done. Raises NotFound."""
        job = await self.record.cancel(org_id, job_id, now_ms=self._clock.now_ms())
        self.told(job)
        return job

    async def step(self) -> float:
        """Do a piece of each organisation's oldest job; where there is none, wait for word of one, and look again."""
        self._news.clear()  # before the look: what is asked for meanwhile is looked for in the next
        busy = False
        for organisation in self._organisations.all():
            job = await self.record.next(organisation.id)
            if job is not None:
                busy = True
                await self._piece(organisation, job)
        if not busy:
            self._told.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):  # not wait_for: Python 3.11's may swallow cancellation
                    await self._news.wait()
        return 0.0

    async def _piece(self, organisation: Organisation, job: Job) -> None:
        """Do the next cases side by side, then move the mark; raise Unavailable, for which no case is to blame."""
        piece = job.cases[job.mark : job.mark + PIECE]
        outcomes = await asyncio.gather(*(self._do(organisation, job, one) for one in piece), return_exceptions=True)
        failures = []
        for number, (one, outcome) in enumerate(zip(piece, outcomes, strict=True), job.mark + 1):
            if isinstance(outcome, BaseException):
                failures.append(_failure(job, number, one, outcome))
        failpoint("job.before-mark")
        now_ms = self._clock.now_ms()
        await self.record.advance(job, mark=job.mark + len(piece), failures=failures, now_ms=now_ms)
        over = job.mark + len(piece) >= job.total
        if over or now_ms - self._told.get(job.id, 0) >= TELL_EVERY_MS:
            self._told[job.id] = now_ms
            self.told(await self.record.get(job.org_id, job.id))

    async def _do(self, organisation: Organisation, job: Job, one: ChosenCase) -> None:
        if not one.version:  # it was not there, or not for who asked
            raise NotFound(f"there is no case {one.id}", slug="unknown-case")
        rules = CaseRules(organisation=organisation, new_id=self._new_id)
        asked = Asked(actor_id=job.asked_by, agent_name=job.agent_name, once=job.id)
        decide = planner(rules, first=once(asked, _wanted(organisation, job, one, asked)))
        now_ms = self._clock.now_ms()
        await self._cases.decide(job.org_id, one.id, decide, actor_id=job.asked_by, now_ms=now_ms)


def _nobody(_job: Job) -> None:
    """Tell nobody."""


def _wanted(organisation: Organisation, job: Job, one: ChosenCase, asked: Asked) -> Step:
    """Return what is to be done to one case. A macro asks for its own condition, a change for the version."""
    if job.kind is JobKind.MACRO:
        return applied(macro_of(organisation, job.macro), asked)
    return wanted(Wish(changes=job.changes, version=one.version, why=job.why))


def _failure(job: Job, number: int, one: ChosenCase, outcome: BaseException) -> JobFailure:
    if isinstance(outcome, Unavailable) or not isinstance(outcome, Exception):
        raise outcome
    if isinstance(outcome, CordboardError):
        return JobFailure(number=number, case_id=one.id, reason=outcome.slug, detail=str(outcome))
    log.error("job failed at a case", org=job.org_id, job=job.id, case=one.id, exc_info=outcome)
    return JobFailure(number=number, case_id=one.id, reason="internal", detail="Something went wrong; see the log.")
