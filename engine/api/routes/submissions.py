"""What the spam guard of web forms held: read it, make a case of it, or throw it away."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Parts, SeeingAll
from engine.api.operation import Operation
from engine.api.routes.users import write_audit
from engine.api.schemas.model import Page
from engine.api.schemas.submissions import SubmissionAnswer
from engine.model.submission import SubmissionState

TAG = "Web forms"


async def list_submissions(
    parts: Parts,
    who: SeeingAll,
    *,
    state: Annotated[SubmissionState | None, Query(description="Only those that stand so.")] = None,
    channel: Annotated[str, Query(max_length=40, description="Only of this channel.")] = "",
    before: Annotated[str, Query(max_length=40, description="Only those behind this one.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SubmissionAnswer]:
    """Read what web forms sent and the spam guard held.

    Newest first; `reasons` names the rules that held it. Nothing that was held goes away by itself.
    """
    found = await parts.forms.held.list(who.org_id, state=state, channel=channel, before=before, limit=limit)
    return Page(items=[SubmissionAnswer.of(one) for one in found])


async def read_submission(submission_id: str, parts: Parts, who: SeeingAll) -> SubmissionAnswer:
    """Read one submission."""
    return SubmissionAnswer.of(await parts.forms.held.get(who.org_id, submission_id))


async def release_submission(submission_id: str, parts: Parts, who: SeeingAll) -> SubmissionAnswer:
    """Make a case of a submission.

    As if it had not been held: with contact, files and rules. Once; again, the answer is the same.
    """
    released = await parts.forms.held.release(who.org_id, submission_id, actor_id=who.user_id)
    await write_audit(parts, who, "submission.released", submission_id, {"case_id": released.case_id})
    return SubmissionAnswer.of(released)


async def delete_submission(submission_id: str, parts: Parts, who: SeeingAll) -> SubmissionAnswer:
    """Throw a submission away.

    Its content and its files are gone then; that there was one, and who deleted it, stays.
    """
    deleted = await parts.forms.held.delete(who.org_id, submission_id, actor_id=who.user_id)
    await write_audit(parts, who, "submission.deleted", submission_id, {})
    return SubmissionAnswer.of(deleted)


OPERATIONS = (
    Operation(method="GET", path="/submissions", handler=list_submissions, tag=TAG),
    Operation(
        method="GET",
        path="/submissions/{submission_id}",
        handler=read_submission,
        tag=TAG,
        errors=("unknown-submission",),
    ),
    Operation(
        method="POST",
        path="/submissions/{submission_id}/release",
        handler=release_submission,
        tag=TAG,
        errors=("unknown-submission", "already-decided"),
    ),
    Operation(
        method="DELETE",
        path="/submissions/{submission_id}",
        handler=delete_submission,
        tag=TAG,
        errors=("unknown-submission", "already-decided"),
    ),
)
