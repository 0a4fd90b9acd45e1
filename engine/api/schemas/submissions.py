"""What web forms sent and the spam guard held, at the border."""

from typing import Self

from engine.api.schemas.model import Answer
from engine.clock import rfc3339
from engine.model.submission import Submission, SubmissionState


class SubmissionFile(Answer):
    """A file that was sent along; it can be read once the submission is a case."""

    name: str
    media_type: str
    size: int


class SubmissionAnswer(Answer):
    """What was sent with a web form and held aside; of one that was decided the content is gone, or with the case."""

    id: str
    channel: str
    state: SubmissionState
    reasons: list[str]
    held_at: str
    name: str
    email: str
    phone: str
    address: str
    locale: str
    topic: str
    subject: str
    description: str
    body: str
    files: list[SubmissionFile]
    case_id: str
    decided_by: str
    decided_at: str | None

    @classmethod
    def of(cls, one: Submission) -> Self:
        """Build from the noun."""
        arrival, seed = one.arrival, one.arrival.seed
        files = seed.files if seed else ()
        return cls(
            id=one.id,
            channel=one.channel,
            state=one.state,
            reasons=list(one.reasons),
            held_at=rfc3339(one.held_ms),
            name=arrival.name,
            email=arrival.email,
            phone=arrival.phone,
            address=arrival.address,
            locale=arrival.locale,
            topic=arrival.topic,
            subject=seed.subject if seed else "",
            description=seed.description if seed else "",
            body=arrival.body,
            files=[SubmissionFile(name=file.name, media_type=file.media_type, size=file.size) for file in files],
            case_id=one.case_id,
            decided_by=one.decided_by,
            decided_at=rfc3339(one.decided_ms) if one.decided_ms else None,
        )
