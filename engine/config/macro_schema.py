"""Macros in the files."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.config.condition_schema import ConditionText
from engine.config.escalation_schema import ActionSection
from engine.config.section import Key, Section
from engine.config.texts import NameText


class MacroActionSection(ActionSection):
    """One thing that a macro does: an action as of escalations, or a quick text. Exactly one."""

    reply: str | None = Field(None, max_length=40, description="Quick text said as a public comment.")
    note: str | None = Field(None, max_length=40, description="Quick text said as an internal comment.")


class MacroSection(Section):
    """Several actions at one stroke."""

    name: NameText = Field(description="Name that agents see.")
    when: ConditionText = Field(default_factory=dict, description="Which cases it is offered for; {}: all.")
    actions: list[MacroActionSection] = Field(min_length=1, max_length=20, description="What is done, in this order.")


Macros = Annotated[dict[Key, MacroSection], Field(max_length=1_000)]
