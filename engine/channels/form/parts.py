"""What web forms ask of the rest of the engine; ``engine/wiring`` hands it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.channels.form.guard import Human
from engine.channels.form.parse import Checks
from engine.model.conversation import Arrival
from engine.model.form import Captcha
from engine.model.organisation import Organisation
from engine.model.record import Opened
from engine.model.submission import KnownSubmission, Submission, SubmissionState


class Reception(Protocol):
    """Receive customers (intake)."""

    async def leave_message(self, arrival: Arrival) -> Opened:
        """Turn a message into a case; idempotent."""
        ...


class Submissions(Protocol):
    """Keep what was held, and know what tokens became (record)."""

    async def secret(self, org_id: str) -> bytes:
        """Return the organisation's secret, made at the first call."""
        ...

    async def known(self, org_id: str, channel: str, key: str) -> KnownSubmission | None:
        """Return what became of a token; None: nothing yet."""
        ...

    async def hold(self, submission: Submission, *, most: int) -> Submission:
        """Keep a submission aside; once per token. Raises Conflict (``too-many``) beyond ``most`` of a channel."""
        ...

    async def get(self, org_id: str, submission_id: str) -> Submission:
        """Return a submission; raise NotFound."""
        ...

    async def list(
        self, org_id: str, *, state: SubmissionState | None, channel: str, before: str, limit: int
    ) -> Sequence[Submission]:
        """Return submissions, newest first."""
        ...

    async def release(self, org_id: str, submission_id: str, *, case_id: str, actor_id: str, now_ms: int) -> Submission:
        """Note that it is a case now; idempotent."""
        ...

    async def delete(self, org_id: str, submission_id: str, *, actor_id: str, now_ms: int) -> Submission:
        """Throw its content away; raise NotFound, Conflict (``already-decided``)."""
        ...


class KeptBlob(Protocol):
    """A file that is on the disk."""

    @property
    def sha256(self) -> str:
        """Return the hash under which it is kept."""
        ...

    @property
    def size(self) -> int:
        """Return its bytes."""
        ...


class Blobs(Protocol):
    """Keep files by their content."""

    async def write(self, chunks: AsyncIterator[bytes], *, most_bytes: int) -> KeptBlob:
        """Keep what comes; return it once it is safely on the disk."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return an organisation; raise NotFound."""
        ...


class CaptchaCheck(Protocol):
    """Ask a CAPTCHA's provider."""

    async def check(self, org_id: str, captcha: Captcha, *, answer: str, address: str) -> Human:
        """Say what the provider says; raises nothing."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What forms work with."""

    organisations: Organisations
    reception: Reception
    submissions: Submissions
    blobs: Blobs
    captcha: CaptchaCheck
    checks: Checks
    media_type: Callable[[str], str]  # what is told of a file: one that is harmless to show, else just bytes
    count: Callable[[str, str], None]  # what became of a submission, and why
