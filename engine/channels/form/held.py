"""What the spam guard held, for supervisors: a list, and what is to become of each."""

from __future__ import annotations

from collections.abc import Sequence

from engine.channels.form.parts import Parts
from engine.clock import Clock
from engine.errors import Conflict
from engine.failpoints import failpoint
from engine.model.submission import Submission, SubmissionState


class HeldSubmissions:
    """Show, release and delete what is held."""

    def __init__(self, *, parts: Parts, clock: Clock) -> None:
        self._parts = parts
        self._clock = clock

    async def list(
        self, org_id: str, *, state: SubmissionState | None, channel: str, before: str, limit: int
    ) -> Sequence[Submission]:
        """Return submissions, newest first, from behind the one called ``before``."""
        return await self._parts.submissions.list(org_id, state=state, channel=channel, before=before, limit=limit)

    async def get(self, org_id: str, submission_id: str) -> Submission:
        """Return a submission; raise NotFound."""
        return await self._parts.submissions.get(org_id, submission_id)

    async def release(self, org_id: str, submission_id: str, *, actor_id: str) -> Submission:
        """Make a case of a submission, as if it had not been held. Idempotent, also after a crash in between.

        Raises NotFound, Conflict (``already-decided``) for one that was deleted.
        """
        submission = await self._parts.submissions.get(org_id, submission_id)
        if submission.state is SubmissionState.RELEASED:
            return submission
        if submission.state is SubmissionState.DELETED:
            raise Conflict("the submission was deleted", slug="already-decided")
        opened = await self._parts.reception.leave_message(submission.arrival)
        failpoint("form.after-release")
        case_id = opened.case.id if opened.case is not None else ""
        self._parts.count("released", "person")
        return await self._parts.submissions.release(
            org_id, submission_id, case_id=case_id, actor_id=actor_id, now_ms=self._clock.now_ms()
        )

    async def delete(self, org_id: str, submission_id: str, *, actor_id: str) -> Submission:
        """Throw the content of a submission away. Idempotent.

        Raises NotFound, Conflict (``already-decided``) for one that is a case.
        """
        gone = await self._parts.submissions.delete(
            org_id, submission_id, actor_id=actor_id, now_ms=self._clock.now_ms()
        )
        self._parts.count("deleted", "person")
        return gone
