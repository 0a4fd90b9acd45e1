"""Cases at the border."""

from typing import Literal

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.api.schemas.transcript import ContactAnswer, EntryAnswer, InteractionAnswer
from engine.api.schemas.work import WorkItemAnswer
from engine.clock import moment, rfc3339
from engine.model.case import Case, CaseEvent, CaseStatus


class CaseAnswer(Answer):
    """A case."""

    id: str
    number: int
    subject: str
    status: CaseStatus
    priority: int
    queue: str
    owner_id: str
    owner_name: str
    contact_id: str
    contact_name: str
    origin: str
    topic: str
    version: int
    opened_at: str
    updated_at: str
    closed_at: str | None
    escalated_at: str | None

    @classmethod
    def of(cls, case: Case, *, owner: str = "", contact: str = "") -> "CaseAnswer":
        """Build from the noun and the names of owner and contact."""
        return cls(
            id=case.id,
            number=case.number,
            subject=case.subject,
            status=case.status,
            priority=case.priority,
            queue=case.queue,
            owner_id=case.owner_id,
            owner_name=owner,
            contact_id=case.contact_id,
            contact_name=contact,
            origin=case.origin,
            topic=case.topic,
            version=case.version,
            opened_at=rfc3339(case.opened_ms),
            updated_at=rfc3339(case.updated_ms),
            closed_at=moment(case.closed_ms),
            escalated_at=moment(case.escalated_ms),
        )


class CaseEventAnswer(Answer):
    """One thing that happened to a case."""

    id: str
    at: str
    kind: str
    actor_id: str
    actor_name: str
    data: dict[str, object]

    @classmethod
    def of(cls, event: CaseEvent, *, actor: str = "") -> "CaseEventAnswer":
        """Build from the noun and the actor's name."""
        return cls(
            id=event.id,
            at=rfc3339(event.at_ms),
            kind=event.kind,
            actor_id=event.actor_id,
            actor_name=actor,
            data=dict(event.data),
        )


class EventLine(Answer):
    """A line of a timeline: something happened."""

    type: Literal["event"] = "event"
    at: str
    event: CaseEventAnswer


class InteractionLine(Answer):
    """A line of a timeline: a conversation with its transcript."""

    type: Literal["interaction"] = "interaction"
    at: str
    interaction: InteractionAnswer
    entries: list[EntryAnswer]


class ConversationBrief(Answer):
    """A conversation of a case."""

    interaction: InteractionAnswer


class CaseDetail(Answer):
    """A case with its contact and everything that happened, oldest first."""

    case: CaseAnswer
    contact: ContactAnswer | None
    conversations: list[ConversationBrief]
    timeline: list[EventLine | InteractionLine]


class NewCase(Request):
    """Open a case for a conversation."""

    interaction_id: str = Field(max_length=40)
    subject: str = Field(min_length=1, max_length=200)


class CaseChange(Request):
    """Change a case; what is left out stays."""

    version: int = Field(ge=1, description="The version the change is based on.")
    status: CaseStatus | None = None
    subject: str | None = Field(default=None, min_length=1, max_length=200)
    priority: int | None = Field(default=None, ge=-1_000, le=1_000)
    owner_id: str | None = Field(default=None, max_length=40, description="Empty: nobody.")


class NewComment(Request):
    """Comment on a case; internal."""

    client_id: str = Field(
        min_length=1, max_length=100, description="The writer's own id: a repeat is the same comment."
    )
    body: str = Field(min_length=1, max_length=16_384)


class VisitorAnswer(Answer):
    """How far the visitor has received and read."""

    online: bool
    received_seq: int
    read_seq: int


class OverviewAnswer(Answer):
    """A conversation with everything beside it and its last entries."""

    interaction: InteractionAnswer
    contact: ContactAnswer | None
    case: CaseAnswer | None
    item: WorkItemAnswer | None
    visitor: VisitorAnswer
    entries: list[EntryAnswer]
