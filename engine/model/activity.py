"""Activities: what somebody means to do (a task), or when he is to be somewhere (an event)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ActivityKind(StrEnum):
    """What an activity is."""

    TASK = "task"  # to be done by its due time
    EVENT = "event"  # from its start to its end


class ActivityStatus(StrEnum):
    """Where an activity stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


ACTIVITY_CHANGES: Mapping[ActivityStatus, frozenset[ActivityStatus]] = {
    ActivityStatus.OPEN: frozenset({ActivityStatus.DONE, ActivityStatus.CANCELLED}),
    ActivityStatus.DONE: frozenset({ActivityStatus.OPEN}),
    ActivityStatus.CANCELLED: frozenset({ActivityStatus.OPEN}),
}
"""Legal changes of an activity's status."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """A task or an event of somebody, about a case, a contact or an account, or nothing of these."""

    id: str
    org_id: str
    kind: ActivityKind
    subject: str
    notes: str = ""
    status: ActivityStatus = ActivityStatus.OPEN
    priority: int = 0
    owner_id: str = ""
    case_id: str = ""
    contact_id: str = ""
    account_id: str = ""
    starts_ms: int = 0  # of an event
    ends_ms: int = 0
    due_ms: int = 0  # of a task; 0 = some day. Of an event: its start
    remind_ms: int = 0  # 0 = no reminder
    reminded_ms: int = 0  # when its owner was
    done_ms: int = 0
    created_by: str = ""
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0

    def overdue(self, now_ms: int) -> bool:
        """Say whether it should have been done by now."""
        return self.status is ActivityStatus.OPEN and 0 < self.due_ms < now_ms
