"""Activities at the border."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from engine.api.schemas.model import Answer, Request
from engine.api.schemas.things import Id, Named, Notes, Version
from engine.clock import rfc3339
from engine.model.activity import Activity, ActivityKind, ActivityStatus


def _zoned(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("write the time with its offset, such as 2026-11-22T09:00:00Z")
    return moment


Moment = Annotated[datetime, AfterValidator(_zoned)]
Priority = Annotated[int, Field(ge=0, le=1_000)]
TIMES = {"starts_at": "starts_ms", "ends_at": "ends_ms", "due_at": "due_ms", "remind_at": "remind_ms"}
"""Fields that are moments here, and how they are called inside."""


class NewActivity(Request):
    """Add a task or an event."""

    kind: ActivityKind = ActivityKind.TASK
    subject: Named
    notes: Notes = ""
    priority: Priority = 0
    owner_id: Annotated[Id, Field(description="Whose it is; empty: the caller's own.")] = ""
    case_id: Id = ""
    contact_id: Id = ""
    account_id: Id = ""
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    due_at: Moment | None = None
    remind_at: Moment | None = None


class ActivityChange(Request):
    """Change an activity; what is left out stays, `null` takes a time away."""

    version: Version
    subject: Named | None = None
    notes: Notes | None = None
    status: ActivityStatus | None = None
    priority: Priority | None = None
    owner_id: Id | None = None
    case_id: Id | None = None
    contact_id: Id | None = None
    account_id: Id | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    due_at: Moment | None = None
    remind_at: Moment | None = None


def values_of(body: NewActivity | ActivityChange) -> dict[str, object]:
    """Return what was sent, times as milliseconds."""
    given = body.model_dump(exclude={"version"}, exclude_unset=True)
    values = {name: value for name, value in given.items() if name not in TIMES and value is not None}
    for name in TIMES.keys() & given.keys():
        moment = getattr(body, name)
        values[TIMES[name]] = int(moment.timestamp() * 1000) if moment is not None else 0
    return values


def _at(ms: int) -> str | None:
    return rfc3339(ms) if ms else None


class ActivityAnswer(Answer):
    """A task or an event."""

    id: str
    kind: ActivityKind
    subject: str
    notes: str
    status: ActivityStatus
    overdue: bool
    priority: int
    owner_id: str
    owner_name: str
    case_id: str
    contact_id: str
    account_id: str
    starts_at: str | None
    ends_at: str | None
    due_at: str | None
    remind_at: str | None
    done_at: str | None
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, one: Activity, *, owner: str, now_ms: int) -> "ActivityAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            kind=one.kind,
            subject=one.subject,
            notes=one.notes,
            status=one.status,
            overdue=one.overdue(now_ms),
            priority=one.priority,
            owner_id=one.owner_id,
            owner_name=owner,
            case_id=one.case_id,
            contact_id=one.contact_id,
            account_id=one.account_id,
            starts_at=_at(one.starts_ms),
            ends_at=_at(one.ends_ms),
            due_at=_at(one.due_ms),
            remind_at=_at(one.remind_ms),
            done_at=_at(one.done_ms),
            version=one.version,
            created_at=rfc3339(one.created_ms),
            updated_at=rfc3339(one.updated_ms),
        )
