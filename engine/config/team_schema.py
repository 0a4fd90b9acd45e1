"""Teams in the files."""

from __future__ import annotations

from pydantic import Field

from engine.config.section import Login, Section
from engine.config.texts import NameText


class TeamSection(Section):
    """People who work together on cases."""

    name: NameText = Field(description="Name that agents and supervisors see.")
    lead: str = Field("", max_length=80, description="Log-in of who leads it; empty: nobody.")
    members: list[Login] = Field(default_factory=list, max_length=1_000, description="Log-ins of its members.")
