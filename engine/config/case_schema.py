"""What may stand in the sections of cases: statuses, types, custom fields."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.config.section import Key, Section
from engine.config.texts import NameText

FieldKey = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]


class CaseStatusSection(Section):
    """A status that cases can have."""

    name: NameText = Field(description="Name that agents see.")
    kind: Literal["new", "open", "waiting", "resolved", "closed"] = Field(description="What it means.")
    to: list[Key] | None = Field(
        None, max_length=100, description="Statuses that may come after it; left out: any, but those of kind new."
    )
    refunds_use: bool = Field(
        False, description="A case in it gives back the use of its entitlement (spam, a duplicate)."
    )


class CustomFieldSection(Section):
    """A field that you add."""

    name: NameText = Field(description="Name that agents see.")
    type: Literal["text", "number", "date", "boolean", "choice", "choices", "url"] = Field(description="What it holds.")
    required: Literal["never", "opening", "closing"] = Field(
        "never", description="When it must have a value: once a person opens the case, or before it is over."
    )
    choices: dict[Key, NameText] = Field(default_factory=dict, max_length=200, description="Of choice and choices.")
    least: float | None = Field(None, description="Least number.")
    most: float | None = Field(None, description="Greatest number.")
    longest: int = Field(1_000, ge=1, le=10_000, description="Most characters of a text.")


CustomFields = Annotated[dict[FieldKey, CustomFieldSection], Field(max_length=100)]


class FieldsSection(Section):
    """Custom fields, by what has them."""

    case: CustomFields = Field(default_factory=dict, description="Of cases.")
    contact: CustomFields = Field(default_factory=dict, description="Of contacts.")
    account: CustomFields = Field(default_factory=dict, description="Of accounts.")
    asset: CustomFields = Field(default_factory=dict, description="Of assets.")
