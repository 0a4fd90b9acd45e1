"""Jobs over many cases."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Parts, Supervisor
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.cases import TAG
from engine.api.schemas.case_filters import filter_of
from engine.api.schemas.jobs import BulkEdit, JobAnswer, JobFailureAnswer, MacroJob, Which
from engine.api.schemas.model import Page
from engine.api.sight import sight_of, viewer_of
from engine.cases.macro_step import macro_of
from engine.errors import InvalidInput, NotFound
from engine.model.case_list import CaseFilter
from engine.model.job import Job, JobKind
from engine.model.saved_view import ViewNoun
from engine.model.user import Principal


async def run_macro_job(key: str, body: MacroJob, parts: Parts, who: Supervisor) -> JobAnswer:
    """Do a macro to many cases.

    Up to 10,000, by id, by filter or by view, as a job: the answer is the job as it begins. Each case is done once, or
    is among the job's failures.
    """
    macro_of(parts.organisations.get(who.org_id), key)
    job = Job(
        id="", org_id=who.org_id, kind=JobKind.MACRO, macro=key, asked_by=who.user_id, agent_name=who.name, asked_ms=0
    )
    return await _asked(job, body, parts, who)


async def edit_cases(body: BulkEdit, parts: Parts, who: Supervisor) -> JobAnswer:
    """Change many cases.

    Up to 10,000, by id, by filter or by view, as a job. Each is changed under the version that it has now: one that
    somebody else changes meanwhile is left as it is, and is among the failures with `stale-version`.
    """
    changes = body.changes.model_dump(exclude_none=True)
    if not changes:
        raise InvalidInput("Nothing to change.", field="changes")
    job = Job(
        id="", org_id=who.org_id, kind=JobKind.BULK_EDIT, changes=changes, why=body.why, asked_by=who.user_id,
        agent_name=who.name, asked_ms=0,
    )  # fmt: skip
    return await _asked(job, body, parts, who)


async def _asked(job: Job, body: Which, parts: ApiParts, who: Principal) -> JobAnswer:
    which = await _which(body, parts, who)
    return JobAnswer.of(await parts.service.jobs.ask(job, which, viewer_of(parts, who), sight=sight_of(parts, who)))


async def _which(body: Which, parts: ApiParts, who: Principal) -> CaseFilter | list[str]:
    """Return the ids that a job is for, or its filter: of a view, with what else is said."""
    if body.case_ids is not None:
        return body.case_ids
    said = body.filter.said() if body.filter is not None else {}
    if body.view:
        view = await parts.service.views.get(who.org_id, body.view, viewer_of(parts, who))
        if view.noun is not ViewNoun.CASE:
            raise InvalidInput(f"That view lists {view.noun.value}s.", field="view")
        said = {**view.filter, **said}
    if not said:
        raise InvalidInput("An empty filter would be every case.", field="filter")
    return filter_of(said)


async def list_jobs(parts: Parts, who: Supervisor, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Page[JobAnswer]:
    """List jobs over cases.

    Newest first; who oversees his teams only sees those that he asked for.
    """
    asked_by = None if sight_of(parts, who).everything else who.user_id
    found = await parts.service.jobs.record.list(who.org_id, limit=limit, asked_by=asked_by)
    return Page(items=[JobAnswer.of(one) for one in found])


async def _require(parts: ApiParts, who: Principal, job_id: str) -> Job:
    """Return a job that the caller sees; raise NotFound."""
    found = await parts.service.jobs.record.get(who.org_id, job_id)
    if found.asked_by != who.user_id and not sight_of(parts, who).everything:
        raise NotFound(f"there is no job {job_id}", slug="unknown-job")
    return found


async def read_job(job_id: str, parts: Parts, who: Supervisor) -> JobAnswer:
    """Read how far a job is.

    `done` and `failed` count cases; both together reach `total` when the `state` is `done`.
    """
    return JobAnswer.of(await _require(parts, who, job_id))


async def list_job_failures(
    job_id: str,
    parts: Parts,
    who: Supervisor,
    after_number: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Page[JobFailureAnswer]:
    """List a job's failures.

    Each case that it could not be done to, and why, in the job's order; `after_number` is the last one of the page
    before.
    """
    await _require(parts, who, job_id)
    found = await parts.service.jobs.record.failures(who.org_id, job_id, after_number=after_number, limit=limit)
    return Page(items=[JobFailureAnswer.of(one) for one in found])


async def cancel_job(job_id: str, parts: Parts, who: Supervisor) -> JobAnswer:
    """Cancel a job.

    No further case is done after the piece of 50 in hand; what is done stays done. One that has ended stays as it is.
    """
    await _require(parts, who, job_id)
    return JobAnswer.of(await parts.service.jobs.cancel(who.org_id, job_id))


UNKNOWN = ("unknown-job",)
OPERATIONS = (
    Operation(
        method="POST",
        path="/macros/{key}/runs",
        handler=run_macro_job,
        tag=TAG,
        status=202,
        errors=("unknown-macro", "unknown-view"),
    ),
    Operation(method="POST", path="/cases/bulk", handler=edit_cases, tag=TAG, status=202, errors=("unknown-view",)),
    Operation(method="GET", path="/jobs", handler=list_jobs, tag=TAG),
    Operation(method="GET", path="/jobs/{job_id}", handler=read_job, tag=TAG, errors=UNKNOWN),
    Operation(method="GET", path="/jobs/{job_id}/failures", handler=list_job_failures, tag=TAG, errors=UNKNOWN),
    Operation(method="POST", path="/jobs/{job_id}/cancel", handler=cancel_job, tag=TAG, errors=UNKNOWN),
)
