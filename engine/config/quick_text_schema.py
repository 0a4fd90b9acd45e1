"""Quick texts in the files."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from engine.config.section import Key, Section
from engine.config.texts import NameText

LanguageTag = Annotated[str, StringConstraints(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
QuickProse = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Folder = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]


class QuickTextSection(Section):
    """A text that is said again and again."""

    name: NameText = Field(description="Name in the list.")
    folder: Folder = Field("", description="Heading in the list; empty: none.")
    channels: list[str] = Field(default_factory=list, max_length=100, description="Channels it is for; none: all.")
    queues: list[str] = Field(default_factory=list, max_length=100, description="Queues it is for; none: all.")
    text: QuickProse | dict[LanguageTag, QuickProse] = Field(
        min_length=1, description="The text, or one for each language; the first for whoever speaks none of them."
    )


QuickTexts = Annotated[dict[Key, QuickTextSection], Field(max_length=1_000)]
