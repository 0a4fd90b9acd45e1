"""What hangs on a case, at the border."""

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.clock import rfc3339
from engine.model.case_parts import Attachment, CaseLink, LinkKind


class FollowerAnswer(Answer):
    """Who follows a case."""

    user_id: str
    user_name: str
    since: str


class LinkAnswer(Answer):
    """That a case has to do with something."""

    kind: LinkKind
    target_id: str
    name: str
    linked_by: str
    linked_at: str

    @classmethod
    def of(cls, one: CaseLink) -> "LinkAnswer":
        """Build from the noun."""
        return cls(
            kind=one.kind,
            target_id=one.target_id,
            name=one.name,
            linked_by=one.linked_by,
            linked_at=rfc3339(one.linked_ms),
        )


class AttachmentAnswer(Answer):
    """A file of a case; its content is at `/attachments/{attachment_id}`."""

    id: str
    case_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    public: bool
    added_by: str
    added_at: str

    @classmethod
    def of(cls, one: Attachment) -> "AttachmentAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            case_id=one.case_id,
            name=one.name,
            media_type=one.media_type,
            size=one.size,
            sha256=one.sha256,
            public=one.public,
            added_by=one.added_by,
            added_at=rfc3339(one.added_ms),
        )


class Seen(Request):
    """A sign of life of somebody who has a case open."""

    typing: bool = Field(default=False, description="He writes.")


class ViewerAnswer(Answer):
    """Somebody else who has the case open."""

    user_id: str
    user_name: str
    typing: bool


class ViewersAnswer(Answer):
    """Who else has a case open; say it again within `again_ms`."""

    viewers: list[ViewerAnswer]
    lines: int = Field(description="How many lines the case's history has: more than before, and it has moved on.")
    again_ms: int
