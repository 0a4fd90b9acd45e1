"""Automation in the files: ordered rules, each with what it listens to, a condition, and what it does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from engine.config.condition_schema import ConditionText
from engine.config.macro_schema import MacroActionSection
from engine.config.section import Key, Section
from engine.config.texts import NameText
from engine.model.automation import MOST_PER_HOUR, By, OccasionKind

MOST_NAMES = 100

OccasionWord = Literal[
    "opened",
    "changed",
    "message",
    "reply",
    "accepted",
    "ended",
    "rated",
    "event",
    "escalated",
    "milestone_met",
    "milestone_missed",
    "resolved",
    "closed",
    "reopened",
    "merged",
]


class OccasionSection(Section):
    """What a rule listens to: written as a word, or as that word with names."""

    occasion: OccasionWord
    names: list[str] = Field(default_factory=list, max_length=MOST_NAMES)
    by: Literal["anyone", "person", "rule", "engine"] = "anyone"


def _occasion(written: object) -> object:
    """Read ``opened``, ``changed: [priority]``, or ``{changed: priority, by: person}``."""
    if isinstance(written, str):
        return {"occasion": written}
    if not isinstance(written, dict):
        return written
    words = [name for name in written if name != "by"]
    if len(words) != 1:
        raise ValueError("write one occasion, such as opened or 'changed: [priority]'")
    names = written[words[0]]
    by = {"by": written["by"]} if "by" in written else {}
    return {"occasion": words[0], "names": names if isinstance(names, list) else [names], **by}


def _several(written: object) -> object:
    return written if isinstance(written, list) else [written]


_NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": MOST_NAMES}]}
_NAMED = ("changed", "event", "escalated", "milestone_met", "milestone_missed")
_WRITTEN = {
    "anyOf": [
        {"enum": [kind.value for kind in OccasionKind]},
        {
            "type": "object",
            "properties": {
                **dict.fromkeys(_NAMED, _NAMES),
                "by": {"enum": [by.value for by in By], "description": "Whose doing the change is."},
            },
            "additionalProperties": False,
        },
    ]
}
OnText = Annotated[
    list[Annotated[OccasionSection, BeforeValidator(_occasion)]],
    Field(min_length=1, max_length=20),
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [*_WRITTEN["anyOf"], {"type": "array", "items": _WRITTEN, "minItems": 1}]}),
]


class AutomationSection(Section):
    """One rule; they are asked in the order in which they stand."""

    key: Key = Field(description="Its name for programs and for counting; keep it.")
    name: NameText = Field(description="Name in the history and for supervisors.")
    on: OnText = Field(description="What it listens to: one occasion or several.")
    when: ConditionText = Field(default_factory=dict, description="What must hold; was.x is a field's value before.")
    actions: list[MacroActionSection] = Field(min_length=1, max_length=20, description="What is done, in this order.")
    enabled: bool | Literal["dry_run"] = Field(
        default=True, description="dry_run: it says in the history what it would do, and does nothing."
    )
    once: Literal["case", "change"] = Field("change", description="case: once for each case; change: each time.")
    stop: bool = Field(default=False, description="Where it fires, no later rule is asked.")
    most_per_hour: int = Field(MOST_PER_HOUR, ge=1, le=100, description="So often within an hour on one case.")


Automation = Annotated[list[AutomationSection], Field(max_length=500)]
