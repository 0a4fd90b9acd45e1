"""Escalations and events of cases at the border."""

import msgspec
from pydantic import Field, field_validator

from engine.api.schemas.model import Answer, Request
from engine.cases.ladders import Ladder, LadderState, Rung
from engine.clock import moment

MOST_DATA = 8_192
"""Bytes of an event's data, as JSON."""


class NewEvent(Request):
    """Something that happened to a case elsewhere."""

    name: str = Field(
        pattern="^[a-z0-9][a-z0-9_.-]{0,79}$", description="Its name, as rule sets and milestones know it."
    )
    client_id: str = Field(min_length=1, max_length=100, description="The teller's own id: a repeat is the same event.")
    data: dict[str, object] = Field(default_factory=dict, description="Whatever explains it; at most 8 KiB.")

    @field_validator("data")
    @classmethod
    def _bounded(cls, data: dict[str, object]) -> dict[str, object]:
        if len(msgspec.json.encode(data)) > MOST_DATA:
            raise ValueError(f"has at most {MOST_DATA} bytes")
        return data


class NewRating(Request):
    """How content the customer was."""

    rating: int = Field(ge=1, le=5, description="1 is the worst.")
    comment: str = Field(default="", max_length=500, description="What he said about it.")


class RungAnswer(Answer):
    """A step of a ladder."""

    step: str
    due_at: str | None
    taken_at: str | None
    why: dict[str, object]

    @classmethod
    def of(cls, one: Rung) -> "RungAnswer":
        """Build from the noun."""
        return cls(step=one.step, due_at=moment(one.due_ms), taken_at=moment(one.taken_ms), why=dict(one.why))


class LadderAnswer(Answer):
    """One beginning of a rule set on a case."""

    rule_set: str
    name: str
    occurrence: int
    state: LadderState
    begun_at: str | None
    stopped_at: str | None
    reason: str
    next_step: str
    next_at: str | None
    steps: list[RungAnswer]

    @classmethod
    def of(cls, one: Ladder) -> "LadderAnswer":
        """Build from the noun."""
        return cls(
            rule_set=one.rule_set,
            name=one.name,
            occurrence=one.occurrence,
            state=one.state,
            begun_at=moment(one.begun_ms),
            stopped_at=moment(one.stopped_ms),
            reason=one.reason,
            next_step=one.next_step,
            next_at=moment(one.next_ms),
            steps=[RungAnswer.of(rung) for rung in one.rungs],
        )
