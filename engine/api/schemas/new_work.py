"""Work that other systems hand in and change, at the border."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, WithJsonSchema

from engine.api.problem import problem_of
from engine.api.schemas.model import Answer, Request
from engine.api.schemas.work import Assignment
from engine.intake.dispatch import TakenIn
from engine.intake.wanted import Wanted
from engine.model.work import WorkState

Key = Annotated[str, Field(max_length=40)]
Id = Annotated[str, Field(max_length=40)]
Level = Annotated[int, Field(ge=1, le=10)]
Skills = Annotated[dict[Key, Level], Field(max_length=20, examples=[{"english": 3}])]
Priority = Annotated[int, Field(ge=-1_000, le=1_000, description="Points, added to the queue's.")]
MOST_ITEMS = 10_000


class Classify(Request):
    """What the classification rules look at; nothing of it is kept."""

    channel: Key = ""
    topic: str = Field(default="", max_length=200)
    language: str = Field(default="", max_length=40)
    text: str = ""


class NewWorkItem(Request):
    """A work item of any kind that a capacity profile takes."""

    kind: str = Field(min_length=1, max_length=40, description="Kind of work, as a capacity profile names it.")
    queue: Key = Field(default="", description="Where it waits; without one the classification rules say.")
    classify: Classify | None = None
    skills: Skills = Field(default_factory=dict, description="Required, each at its level; the queue's come on top.")
    preferred_skills: Skills = Field(default_factory=dict, description="Wished for, not insisted on.")
    preferred_agent: Id = Field(default="", description="Id of the user it is held for at first.")
    preferred_required: bool = Field(default=False, description="Nobody else may have it, until the queue's bound.")
    weight: int = Field(default=0, ge=0, le=1_000, description="Units of capacity; 0 for the profile's.")
    priority: Priority = 0
    due_at: AwareDatetime | None = Field(default=None, description="To be begun by then, in queues ranked by `due`.")
    not_before_at: AwareDatetime | None = Field(default=None, description="Waits for this time first.")
    attributes: dict[str, Any] = Field(default_factory=dict, description="Anything of yours; 16 KiB of JSON at most.")
    reference: str = Field(default="", max_length=200, description="Your name for it; each can be used once.")
    case_id: Id = ""
    contact_id: Id = ""
    parent_id: Id = Field(default="", description="The work item that this one belongs to, and ends with.")

    def wanted(self) -> Wanted:
        """Return what is asked for as the stage knows it."""
        by = self.classify or Classify()
        return Wanted(
            kind=self.kind,
            queue=self.queue,
            channel=by.channel,
            topic=by.topic,
            language=by.language,
            text=by.text,
            skills=self.skills,
            preferred=self.preferred_skills,
            preferred_agent=self.preferred_agent,
            preferred_required=self.preferred_required,
            weight=self.weight,
            priority=self.priority,
            due_ms=milliseconds(self.due_at),
            not_before_ms=milliseconds(self.not_before_at),
            attributes=self.attributes,
            reference=self.reference,
            case_id=self.case_id,
            contact_id=self.contact_id,
            parent_id=self.parent_id,
        )


class NewWorkItems(Request):
    """Many work items; each is judged by itself."""

    items: list[Annotated[Any, WithJsonSchema({"$ref": "#/components/schemas/NewWorkItem"})]] = Field(
        min_length=1, max_length=MOST_ITEMS
    )


class TakenAnswer(Answer):
    """What became of one of many."""

    index: int = Field(description="Its place in the request, from 0.")
    id: str = Field(description="The work item's; empty when none was made.")
    repeated: bool = Field(default=False, description="The same request had made it before.")
    problem: dict[str, Any] | None = Field(default=None, description="Why not, as problem details; else null.")

    @classmethod
    def of(cls, index: int, taken: TakenIn) -> "TakenAnswer":
        """Build from the noun."""
        return cls(
            index=index,
            id=taken.item.id if taken.item else "",
            repeated=taken.repeated,
            problem=problem_of(taken.error) if taken.error else None,
        )


class TakenAnswers(Answer):
    """What became of many, in the order of the request."""

    taken: int = Field(description="How many are work items now.")
    items: list[TakenAnswer]


class WorkItemChange(Request):
    """Change what waiting work asks for; what is left out stays."""

    priority: Priority | None = None
    queue: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    skills: Skills | None = Field(default=None, description="Replaces all; with another queue, its own come on top.")
    preferred_skills: Skills | None = None
    due_at: AwareDatetime | None = Field(default=None, description="`null` takes the due time away.")
    preferred_agent: Id | None = None
    preferred_required: bool | None = None

    def changes(self) -> dict[str, object]:
        """Return what is given, named as the board names it."""
        names = {"preferred_skills": "preferred", "due_at": "due", "preferred_required": "required"}
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return {
            names.get(name, name): milliseconds(value) if name == "due_at" else value
            for name, value in given.items()
            if value is not None or name == "due_at"
        }


class Assign(Request):
    """Put waiting work with an agent."""

    agent_id: str = Field(min_length=1, max_length=40, description="The agent's user id.")
    force: bool = Field(default=False, description="Also beyond the agent's room.")


class Park(Request):
    """Let work wait on the customer."""

    assignment: Assignment
    why: str = Field(default="", max_length=200)
    seen_seq: int | None = Field(
        default=None,
        ge=0,
        description="Last line of the transcript that the caller has seen, if not all: what the customer wrote after it"
        " resumes the work.",
    )


class ExtendWrapUp(Request):
    """Give a wrap-up more time."""

    assignment: Assignment


class WorkFilter(Request):
    """What a list of work items may be narrowed to."""

    state: WorkState | None = None
    queue: Key | None = None
    kind: Key | None = None
    reference: Annotated[str, Field(max_length=200)] | None = None
    case_id: Id | None = None
    contact_id: Id | None = None
    parent_id: Id | None = None

    def wanted(self) -> dict[str, str]:
        """Return the filters beside state and queue."""
        named = ("kind", "reference", "case_id", "contact_id", "parent_id")
        return {name: value for name in named if (value := getattr(self, name))}


QueueMode = Literal["open", "paused", "draining"]


def milliseconds(at: datetime | None) -> int:
    """Return a moment in milliseconds UTC, 0 for none."""
    return int(at.timestamp() * 1000) if at else 0
