"""What all sections of the configuration are made of: the strict model, and the types of names and levels."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from engine.model.organisation import MAX_LEVEL

Key = Annotated[str, StringConstraints(pattern="^[a-z0-9_-]{1,40}$")]
OrganisationId = Annotated[str, StringConstraints(pattern="^[a-z0-9-]{1,40}$")]
Login = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9._@+-]{0,79}$")]
Language = Annotated[str, StringConstraints(pattern="^[a-z]{2,3}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Address = Annotated[str, StringConstraints(pattern="^([^@\\s<>,;]{1,64}@[^@\\s<>,;]{1,189})?$")]
Keyword = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Level = Annotated[int, Field(ge=1, le=MAX_LEVEL)]
Points = Annotated[int, Field(ge=-1_000, le=1_000)]
Skills = Annotated[dict[Key, Level], Field(max_length=20)]


class Section(BaseModel):
    """Refuse unknown names and loose types in every section."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
