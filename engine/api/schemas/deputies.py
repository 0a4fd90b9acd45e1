"""Who stands in for whom, at the border."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field

from engine.api.schemas.activities import Moment
from engine.api.schemas.model import Answer, Request
from engine.clock import rfc3339
from engine.model.deputy import Deputy


class NewDeputy(Request):
    """Let somebody stand in."""

    user_id: str = Field(default="", max_length=80, description="For whom; empty: for the caller.")
    deputy_id: str = Field(min_length=1, max_length=80, description="The user who stands in.")
    from_at: Moment | None = Field(default=None, description="Left out: from now on.")
    to_at: Moment = Field(description="The first moment after it; at most a year later.")
    note: str = Field(default="", max_length=200)


class DeputyAnswer(Answer):
    """That somebody stands in for somebody."""

    id: str
    user_id: str
    user_name: str
    deputy_id: str = Field(description="The user who stands in.")
    deputy_name: str
    from_at: str
    to_at: str
    note: str
    made_by: str
    made_at: str

    @classmethod
    def of(cls, one: Deputy, names: Mapping[str, str]) -> Self:
        """Build from the noun and names by user id."""
        return cls(
            id=one.id,
            user_id=one.user_id,
            user_name=names.get(one.user_id, ""),
            deputy_id=one.deputy_id,
            deputy_name=names.get(one.deputy_id, ""),
            from_at=rfc3339(one.from_ms),
            to_at=rfc3339(one.to_ms),
            note=one.note,
            made_by=one.made_by,
            made_at=rfc3339(one.made_ms),
        )
