"""What may stand in the sections ``milestones`` and ``plans``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from engine.config.durations import PATTERN, Duration
from engine.config.section import Key, Section
from engine.config.texts import NameText
from engine.model.plan import MOMENTS

ALWAYS = "always"

_NAMED = re.compile(r"(status|event):[a-z0-9_.-]{1,80}")


def _moment(text: str) -> str:
    if text not in MOMENTS and not _NAMED.fullmatch(text):
        raise ValueError(f"write one of {', '.join(sorted(MOMENTS))}, status:KEY or event:NAME")
    return text


def _listed(written: object) -> object:
    return [written] if isinstance(written, str) else written


Moment = Annotated[str, AfterValidator(_moment)]
Moments = Annotated[
    list[Moment],
    Field(min_length=1, max_length=20),
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class MilestoneSection(Section):
    """A step that plans may promise. first_response, next_response and resolution are there without being written."""

    name: NameText = Field(description="Name that agents and supervisors see.")
    starts: Moments = Field(description="When its clock starts: one of the moments below, or a list.")
    met_by: Moments = Field(description="What meets it: one of the moments below, or a list.")
    after: str = Field("", description="Starts only once this milestone is no longer outstanding.")
    repeats: bool = Field(default=False, description="Once met it may start again.")
    paused_in: list[Key] = Field(
        default_factory=list, max_length=20, description="Statuses, or kinds of them, in which it stands still."
    )


class TargetSection(Section):
    """The time that cases of some priority get."""

    within: Duration = Field(description="So much business time.")
    priority_at_least: int | None = Field(
        None, ge=-1_000_000, le=1_000_000, description="For cases of at least this priority; left out: for all others."
    )


def _targets(written: object) -> object:
    return [{"within": written}] if isinstance(written, str) else written


Targets = Annotated[
    list[TargetSection],
    Field(min_length=1, max_length=20),
    BeforeValidator(_targets),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": PATTERN},
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "properties": {
                            "within": {"type": "string", "pattern": PATTERN},
                            "priority_at_least": {"type": "integer"},
                        },
                        "required": ["within"],
                        "additionalProperties": False,
                    },
                },
            ]
        }
    ),
]


class PlanSection(Section):
    """What is promised to customers: milestones, each with the business time it may take."""

    name: NameText = Field(description="Name that agents and supervisors see.")
    hours: str = Field(ALWAYS, description="Business hours that its clocks run in; always: day and night.")
    milestones: dict[Key, Targets] = Field(min_length=1, max_length=50, description="Milestone to its time.")
