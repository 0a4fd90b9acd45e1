"""Deputies: who stands in for somebody for a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Deputy:
    """That somebody stands in for somebody else, from one moment to another."""

    id: str
    org_id: str
    user_id: str  # who is away
    deputy_id: str  # the user who stands in
    from_ms: int
    to_ms: int  # the first moment after it
    note: str = ""
    made_by: str = ""  # user id
    made_ms: int = 0

    def stands_in(self, at_ms: int) -> bool:
        """Say whether he stands in at this moment."""
        return self.from_ms <= at_ms < self.to_ms
