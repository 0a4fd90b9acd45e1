"""What the record (SQL) answers: several nouns that one transaction read or wrote together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.model.case import Case, CaseEvent
from engine.model.conversation import Entry, Interaction
from engine.model.customer import Contact
from engine.model.organisation import Role
from engine.model.user import Scope, User
from engine.model.work import RoutingEvent, WorkItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """An arrival as committed; ``repeated`` when the conversation was open before."""

    interaction: Interaction
    contact: Contact
    item: WorkItem | None  # None: no open work item (a form that became a case)
    case: Case | None
    entries: tuple[Entry, ...]
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NewWork:
    """A work item that another system hands in."""

    item: WorkItem
    rules: tuple[str, ...] = ()  # names of the classification rules that matched
    request_key: str = ""  # what tells this request from every other; "" = it may not be repeated


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What became of a work item handed in."""

    item: WorkItem  # as kept; of a reference that was taken: the one that has it
    repeated: bool = False  # the same request had made it before
    fault: str = ""  # slug of what was wrong, and nothing was kept; "" = kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """A routing event as written to the record."""

    event: RoutingEvent
    fresh: bool  # False: it had been applied before
    entries: tuple[Entry, ...] = ()  # transcript lines that tell of it
    interaction: Interaction | None = None
    item: WorkItem | None = None  # as it is now; None where this was not looked up


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalation:
    """A work item escalated in SQL; ``done`` once board and supervisors know."""

    id: str
    org_id: str
    item_id: str
    queue: str
    priority: int  # the item's new priority, absolute
    case_id: str
    at_ms: int
    done: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Something that supervisors, or one user, should see."""

    id: str
    org_id: str
    kind: str  # escalation | case-escalated | effect-failed | webhook-disabled | mailbox-fault | mail-left | …
    at_ms: int
    data: dict[str, object]
    acknowledged_ms: int = 0
    acknowledged_by: str = ""
    user_id: str = ""  # who is to see it; "" = all supervisors


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """An interaction with everything an agent needs beside it."""

    interaction: Interaction
    contact: Contact | None
    case: Case | None
    item: WorkItem | None  # the open one, else the latest


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A work item that waits, with what an agent sees of it before he picks it."""

    item: WorkItem
    contact_name: str = ""
    topic: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BoardMark:
    """How far the record follows the board: the last event written with its history."""

    epoch: int = 0
    seq: int = 0
    stream_id: str = "0-0"


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueState:
    """How supervisors have set a queue, as last told by the board."""

    mode: str  # open | paused | draining
    closed: bool = False  # closed by hand


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueStatistics:
    """What became of the work offered to a queue, counted in segments."""

    offered: int = 0
    answered: int = 0  # first human reply
    answered_in_target: int = 0
    abandoned: int = 0  # short ones included
    short_abandoned: int = 0
    undecided: int = 0  # wait for an answer that can be in time still
    asa_ms: int = 0  # mean time to answer

    @property
    def service_level(self) -> float | None:
        """Answered within target ÷ (offered − short abandons − undecided); None when nothing counts yet."""
        counted = self.offered - self.short_abandoned - self.undecided
        return self.answered_in_target / counted if counted > 0 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user with what signing in needs."""

    user: User
    password_hash: str  # "" = no password set: cannot sign in
    failed_count: int = 0
    locked_until_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A signed-in browser."""

    user: User
    csrf: str
    created_ms: int
    seen_ms: int
    expires_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """A programme's key; the secret itself is never kept."""

    id: str
    org_id: str
    name: str
    role: Role
    user_id: str = ""  # "" = the organisation's own
    created_ms: int = 0
    expires_ms: int = 0  # 0 = never
    revoked_ms: int = 0
    scopes: tuple[Scope, ...] = ()  # of a system's token: all it may do; empty = as the role allows


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """One numbered version of an organisation's configuration."""

    org_id: str
    version: int
    digest: str
    compiled: bytes
    applied_ms: int
    name: str = ""  # the organisation's name
    author: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The answer kept for an idempotency key."""

    status: int
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEvent:
    """Who did what to what."""

    id: str
    org_id: str
    at_ms: int
    actor_id: str
    action: str
    target: str
    data: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """An interaction with its transcript."""

    interaction: Interaction
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseTimeline:
    """A case with everything that happened to it, oldest first."""

    case: Case
    events: tuple[CaseEvent, ...]
    conversations: tuple[Conversation, ...]
