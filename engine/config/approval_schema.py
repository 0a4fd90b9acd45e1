"""Approvals in the files: what needs somebody's yes, and whose."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from engine.config.condition_schema import ConditionText
from engine.config.durations import DurationOrNone
from engine.config.escalation_schema import Who
from engine.config.section import Key, Section
from engine.config.texts import NameText

LEAST_REMIND_MS = 60_000


class ApprovalStepSection(Section):
    """Whose yes is needed next."""

    by: list[Who] = Field(
        min_length=1, max_length=20, description="team_lead, owner_lead, role:supervisor, role:admin or log-ins."
    )
    need: Literal["any", "all"] = Field("any", description="Whether the yes of one of them is enough.")
    when: ConditionText = Field(
        default_factory=dict, description="Of the case as it would be; where it does not hold the step is left out."
    )
    timeout: DurationOrNone = Field(0, description="Time to answer; 0s: without bound.")
    then: Literal["refuse", "approve", "next"] = Field(
        "refuse", description="What the end of the time means; next: the next step is asked instead."
    )
    remind: DurationOrNone = Field(0, description="Who has not answered is reminded so often; 0s: never, least 1m.")
    instead: bool = Field(default=False, description="Asked only when the time of the step before is over.")
    hours: str = Field("", max_length=40, description="Hours that both times count in; empty: around the clock.")

    @field_validator("remind")
    @classmethod
    def _not_every_moment(cls, remind: int) -> int:
        """Each reminder is an alert and a mail."""
        if 0 < remind < LEAST_REMIND_MS:
            raise ValueError("remind at most once a minute, or write 0s")
        return remind


class ApprovalSection(Section):
    """A process of approval."""

    name: NameText = Field(description="Name that people see.")
    when: ConditionText = Field(
        default_factory=dict, description="Which cases it is for, as they are or as they would be; {}: all."
    )
    changes: ConditionText | None = Field(
        None, description="Guarded: a change of a field named here, after which this holds. Left out: none."
    )
    macros: list[Key] = Field(default_factory=list, max_length=100, description="Macros that are guarded, too.")
    steps: list[ApprovalStepSection] = Field(min_length=1, max_length=10, description="Whose yes, one after the other.")
    asker_may_approve: bool = Field(default=False, description="Whether the yes of who asked counts.")
    email: bool = Field(default=False, description="Whether people are told by mail, too.")
    webhook: str = Field("", max_length=80, description="Name of the webhook that is told, too; empty: none.")


Approvals = Annotated[dict[Key, ApprovalSection], Field(max_length=200)]
