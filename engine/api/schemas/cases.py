"""Cases at the border."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from engine.api.schemas.clocks import MilestoneAnswer
from engine.api.schemas.model import Answer, Request
from engine.api.schemas.transcript import ContactAnswer, EntryAnswer, InteractionAnswer
from engine.api.schemas.work import WorkItemAnswer
from engine.clock import moment, rfc3339
from engine.model.case import Case, CaseEvent


class CaseAnswer(Answer):
    """A case."""

    id: str
    number: int
    subject: str
    status: str
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
    approvals_waiting: int = Field(description="Approvals that wait for an answer.")
    description: str
    type: str
    account_id: str
    parent_id: str
    team: str
    fields: dict[str, object]
    tags: list[str]
    plan: str
    entitlement_id: str
    entitled: str
    reopened: int
    rating: int
    routed: bool
    skills: dict[str, int]
    item_id: str
    merged_into: str
    milestones: list[MilestoneAnswer]

    @classmethod
    def of(
        cls, case: Case, *, owner: str = "", contact: str = "", milestones: Sequence[MilestoneAnswer] = ()
    ) -> "CaseAnswer":
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
            approvals_waiting=case.approvals_waiting,
            description=case.description,
            type=case.type,
            account_id=case.account_id,
            parent_id=case.parent_id,
            team=case.team,
            fields=dict(case.fields),
            tags=list(case.tags),
            plan=case.plan,
            entitlement_id=case.entitlement_id,
            entitled=case.entitled,
            reopened=case.reopened,
            rating=case.rating,
            routed=case.routed,
            skills=dict(case.skills),
            item_id=case.item_id,
            merged_into=case.merged_into,
            milestones=list(milestones),
        )


class CaseEventAnswer(Answer):
    """One thing that happened to a case."""

    id: str
    at: str
    case_id: str = Field(description="Whose line it is: also a case that was merged into this one.")
    number: int
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
            case_id=event.case_id,
            number=event.number,
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


Fields = Annotated[
    dict[str, object], Field(max_length=100, description="Custom fields by key; null takes a value away.")
]
Tags = Annotated[list[str], Field(max_length=50, description="All tags there are from now on.")]


class NewCase(Request):
    """Open a case: for a conversation, or by itself."""

    interaction_id: str = Field(
        default="", max_length=40, description="The conversation; with it only the subject counts."
    )
    client_id: str = Field(
        default="",
        max_length=100,
        description="The opener's own id: a repeat is the same case. Without a conversation.",
    )
    subject: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=20_000)
    contact_id: str = Field(default="", max_length=40)
    account_id: str = Field(default="", max_length=40)
    parent_id: str = Field(default="", max_length=40, description="The case that this one is a part of.")
    owner_id: str = Field(default="", max_length=80)
    queue: str = Field(default="", max_length=40)
    priority: int = Field(default=0, ge=-1_000, le=1_000)
    type: str = Field(default="", max_length=40, description="Key of a configured type.")
    topic: str = Field(default="", max_length=80)
    fields: Fields = Field(default_factory=dict)
    tags: Tags = Field(default_factory=list)


class CaseChange(Request):
    """Change a case; what is left out stays."""

    version: int = Field(ge=1, description="The version the change is based on.")
    why: str = Field(default="", max_length=500, description="Said in the history beside each changed field.")
    status: str | None = Field(default=None, max_length=40, description="Key of a configured status.")
    subject: str | None = Field(default=None, min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=20_000)
    priority: int | None = Field(default=None, ge=-1_000, le=1_000)
    type: str | None = Field(default=None, max_length=40, description="Key of a configured type; empty: none.")
    topic: str | None = Field(default=None, max_length=80)
    queue: str | None = Field(default=None, max_length=40)
    owner_id: str | None = Field(default=None, max_length=80, description="Empty: nobody.")
    contact_id: str | None = Field(default=None, max_length=40)
    account_id: str | None = Field(default=None, max_length=40)
    parent_id: str | None = Field(default=None, max_length=40, description="Empty: a part of none.")
    plan: str | None = Field(
        default=None,
        max_length=40,
        description="Key of a configured plan, by hand: until the queue or the entitlement changes. Empty: none.",
    )
    team: str | None = Field(default=None, max_length=40, description="Key of a configured team; empty: none.")
    routed: bool | None = Field(default=None, description="Whether it waits for an agent as a work item.")
    rating: int | None = Field(default=None, ge=0, le=5, description="1 to 5; 0: none.")
    fields: Fields | None = None
    tags: Tags | None = None


class NewComment(Request):
    """Comment on a case."""

    client_id: str = Field(
        min_length=1, max_length=100, description="The writer's own id: a repeat is the same comment."
    )
    body: str = Field(min_length=1, max_length=16_384)
    public: bool = Field(default=False, description="For the customer's eyes too; a reply to him.")


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
