"""Work items, presence and their commands at the border."""

from typing import Annotated, Literal

from pydantic import Field

from engine.agents.destination import Destination
from engine.api.schemas.model import Answer, Request
from engine.clock import moment, rfc3339
from engine.model.work import EventKind, RoutingEvent, WorkItem, WorkState

Assignment = Annotated[int, Field(ge=1, le=2**53 - 1, description="Fencing number of the offer or assignment.")]


class WorkItemAnswer(Answer):
    """A work item as the record has it."""

    id: str
    kind: str
    queue: str
    state: WorkState
    priority: int
    skills: dict[str, int]
    interaction_id: str
    case_id: str
    agent_id: str
    assignment: int
    created_at: str
    weight: int
    preferred_skills: dict[str, int]
    preferred_agent: str
    preferred_required: bool
    due_at: str | None
    not_before_at: str | None
    parent_id: str
    contact_id: str
    reference: str
    attributes: dict[str, object]

    @classmethod
    def of(cls, item: WorkItem) -> "WorkItemAnswer":
        """Build from the noun."""
        return cls(
            id=item.id,
            kind=item.kind,
            queue=item.queue,
            state=item.state,
            priority=item.priority,
            skills=dict(item.requirement.skills),
            interaction_id=item.interaction_id,
            case_id=item.case_id,
            agent_id=item.agent_id,
            assignment=item.assignment,
            created_at=rfc3339(item.created_ms),
            weight=item.weight,
            preferred_skills=dict(item.preferred),
            preferred_agent=item.preferred_agent,
            preferred_required=item.preferred_required,
            due_at=moment(item.due_ms),
            not_before_at=moment(item.not_before_ms),
            parent_id=item.parent_id,
            contact_id=item.contact_id,
            reference=item.reference,
            attributes=dict(item.attributes),
        )


class EventAnswer(Answer):
    """One routing event of a work item."""

    epoch: int
    seq: int
    at: str
    kind: EventKind
    agent_id: str
    queue: str
    assignment: int
    data: dict[str, object]

    @classmethod
    def of(cls, event: RoutingEvent) -> "EventAnswer":
        """Build from the noun."""
        return cls(
            epoch=event.epoch,
            seq=event.seq,
            at=rfc3339(event.at_ms),
            kind=event.kind,
            agent_id=event.agent_id,
            queue=event.queue,
            assignment=event.assignment,
            data=dict(event.data),
        )


class Accept(Request):
    """Accept an offer."""

    assignment: Assignment


class Decline(Request):
    """Decline an offer."""

    assignment: Assignment
    reason: str = Field(default="", max_length=200)


class End(Request):
    """End a contact."""

    assignment: Assignment


class WrapUp(Request):
    """Finish the wrap-up."""

    assignment: Assignment
    disposition: str = Field(max_length=40)
    note: str = ""


Levels = Annotated[dict[Annotated[str, Field(max_length=40)], Annotated[int, Field(ge=1, le=10)]], Field(max_length=20)]


class Transfer(Request):
    """Hand over to a queue, an agent, or whoever has certain skills."""

    assignment: Assignment
    queue: str = Field(default="", max_length=40, description="Left out: the queue where it is.")
    agent_id: str = Field(default="", max_length=40, description="Id of the agent for whom it is held.")
    skills: Levels = Field(default_factory=dict, description="Asked for on top of what the queue asks for.")
    note: str = ""

    def destination(self) -> Destination:
        """Return where to as the stage knows it; raise InvalidInput when nothing is named."""
        return Destination(queue=self.queue, agent_id=self.agent_id, skills=self.skills)


class Ask(Request):
    """Ask a queue, an agent, or whoever has certain skills, without letting go."""

    assignment: Assignment
    client_id: str = Field(min_length=1, max_length=100, description="Drawn by the client: a repeat is the same.")
    queue: str = Field(default="", max_length=40)
    agent_id: str = Field(default="", max_length=40)
    skills: Levels = Field(default_factory=dict)
    question: str = Field(default="", max_length=4_000)

    def destination(self) -> Destination:
        """Return whom to ask as the stage knows it; raise InvalidInput when nobody is named."""
        return Destination(queue=self.queue, agent_id=self.agent_id, skills=self.skills)


class PresenceChange(Request):
    """Choose a presence status."""

    status: str = Field(max_length=40)


class SignOut(Request):
    """Go offline."""

    open_work: Literal["requeue", "end"] | None = Field(
        default=None, description="What becomes of held conversations; asked for (409) when there are any."
    )
