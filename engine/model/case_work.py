"""How a case and its work items stand: what keeping them in step looks at."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.case import Case
from engine.model.work import WorkItem, WorkState

CASE_KIND = "case"
"""Kind of the work items by which cases are routed."""

OWN_KINDS = frozenset({CASE_KIND, "email"})
"""Kinds of work that are a piece of a case's work: one of them absorbs another."""

WAITING = frozenset({WorkState.PENDING, WorkState.SCHEDULED, WorkState.QUEUED, WorkState.OFFERED})
"""States in which nobody has an item."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseStanding:
    """A case with its work that is not over, oldest first; wrap-up counts as over."""

    case: Case
    items: tuple[WorkItem, ...] = ()
    customer: str = ""  # name of the contact
    due_ms: int = 0  # when its next promised step is due; 0 = none runs

    @property
    def own(self) -> tuple[WorkItem, ...]:
        """Return the items that are work on the case itself, not a conversation."""
        return tuple(item for item in self.items if is_own(item))

    @property
    def talks(self) -> bool:
        """Say whether a conversation of the case is work that somebody has, or waits to get."""
        return any(item.interaction_id for item in self.items)


def is_own(item: WorkItem) -> bool:
    """Say whether an item is work on a case itself."""
    return item.kind in OWN_KINDS and not item.interaction_id and not item.parent_id
