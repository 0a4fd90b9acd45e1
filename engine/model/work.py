"""Work items, offers and the legal changes of state (routing model)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class WorkState(StrEnum):
    """Where a work item stands; it is in exactly one state."""

    PENDING = "pending"  # in SQL only
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    PARKED = "parked"
    WRAPUP = "wrapup"
    CLOSED = "closed"


LEGAL: Mapping[WorkState, frozenset[WorkState]] = {
    # An outside fact (a call the PBX connected) puts an item with its agent at once.
    WorkState.PENDING: frozenset({WorkState.QUEUED, WorkState.SCHEDULED, WorkState.ACTIVE, WorkState.CLOSED}),
    WorkState.SCHEDULED: frozenset({WorkState.QUEUED, WorkState.ACTIVE, WorkState.CLOSED}),
    WorkState.QUEUED: frozenset({WorkState.OFFERED, WorkState.ACTIVE, WorkState.CLOSED}),
    WorkState.OFFERED: frozenset({WorkState.ACTIVE, WorkState.QUEUED, WorkState.CLOSED}),
    WorkState.ACTIVE: frozenset({WorkState.WRAPUP, WorkState.CLOSED, WorkState.QUEUED, WorkState.PARKED}),
    WorkState.PARKED: frozenset({WorkState.QUEUED, WorkState.CLOSED}),
    WorkState.WRAPUP: frozenset({WorkState.CLOSED}),
    WorkState.CLOSED: frozenset(),
}
"""Legal changes of state; any other change is refused."""

MAX_ATTRIBUTES_BYTES = 16 * 1024
"""Longest JSON of a work item's attributes."""

CALLBACK = "callback"
"""Kind of the work items that promise a customer to be called back."""

OPEN_STATES = frozenset(WorkState) - {WorkState.CLOSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """What an agent must be able to do: every skill at least at its level."""

    skills: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkItem:
    """One piece of work that needs an agent now; the routable unit."""

    id: str  # UUIDv7
    org_id: str
    kind: str  # kind of work, whose capacity it uses: "chat"
    queue: str
    requirement: Requirement
    weight: int = 0  # units it holds; 0 = as the agent's capacity profile says
    preferred: Mapping[str, int] = field(default_factory=dict)  # skills wished for, not insisted on
    preferred_agent: str = ""  # id of the agent it is held for at first
    preferred_required: bool = False  # nobody else may have it, until the queue's bound
    priority: int = 0  # points, the queue's not included
    age_ms: int = 0  # time waited before this enqueue
    segment_ms: int = 0  # its age when the present segment began, from which relaxation counts
    interaction_id: str = ""
    case_id: str = ""
    created_ms: int = 0
    due_ms: int = 0  # to be begun by then, in queues ranked by due time; 0 = the queue's target
    not_before_ms: int = 0  # scheduled until then; 0 = at once
    parent_id: str = ""  # the item that a consult belongs to, and ends with
    attributes: Mapping[str, object] = field(default_factory=dict)  # JSON of at most MAX_ATTRIBUTES_BYTES; SQL only
    reference: str = ""  # the other system's own name for it, one open or past item each; SQL only
    contact_id: str = ""  # the customer it is about, where there is no interaction; SQL only
    state: WorkState = WorkState.PENDING
    agent_id: str = ""
    assignment: int = 0  # fencing number of the offer or assignment in force

    @property
    def asked_by(self) -> str:
        """Return which agent asks for this consult: everybody else may be offered it. "" for other work."""
        return str(self.attributes.get("asked_by", "")) if self.parent_id else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A time-limited reservation of an agent's capacity for a work item."""

    item_id: str
    agent_id: str
    assignment: int
    queue: str
    offered_ms: int
    expires_ms: int
    interaction_id: str = ""


class Outcome(StrEnum):
    """What became of a router command; everything but OK and REPEATED changed nothing."""

    OK = "ok"
    REPEATED = "repeated"  # the same command had its effect before
    UNKNOWN_ITEM = "unknown-item"
    UNKNOWN_AGENT = "unknown-agent"
    UNKNOWN_QUEUE = "unknown-queue"
    UNKNOWN_STATUS = "unknown-status"
    WRONG_STATE = "wrong-state"
    STALE_ASSIGNMENT = "stale-assignment"  # fencing number of an older assignment
    NOT_YOURS = "not-yours"
    NO_ROOM = "no-room"
    STALE_EPOCH = "stale-epoch"  # the board was rebuilt meanwhile
    NO_BOARD = "no-board"  # the board is empty: reconcile first
    WRONG_LAYOUT = "wrong-layout"  # the board was written by another version
    INVALID = "invalid"
    QUEUE_CLOSED = "queue-closed"  # draining, out of hours or nobody staffed
    QUEUE_FULL = "queue-full"  # by number of items, or by the estimated wait
    NOT_A_MEMBER = "not-a-member"  # the agent does not work in the item's queues
    NOT_QUALIFIED = "not-qualified"
    TOO_MANY_SIGNATURES = "too-many-signatures"  # more different requirements than the organisation allows
    REFUSED = "refused"


class EventKind(StrEnum):
    """What the router reports; exactly one event per transition."""

    ENQUEUED = "enqueued"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"  # the offer timed out
    RESCINDED = "rescinded"  # the offer was taken back without a miss
    ENDED = "ended"  # contact over, wrap-up begins
    WRAPUP_EXTENDED = "wrapup_extended"  # the agent got more time for it
    CLOSED = "closed"
    TRANSFERRED = "transferred"
    LOST = "lost"  # agent lost beyond grace: back in the queue
    ABANDONED = "abandoned"
    REPRIORITISED = "reprioritised"
    PRESENCE = "presence"
    RESTORED = "restored"  # put back by reconcile
    SCHEDULED = "scheduled"  # waits for its not-before time
    PARKED = "parked"  # waits on the customer
    RESUMED = "resumed"  # parked before: back in the queue
    CHANGED = "changed"  # requirement, due time, queue or preferred agent
    RELAXED = "relaxed"  # a relaxation step was taken
    QUEUE = "queue"  # a queue was opened, closed, paused, drained


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingEvent:
    """One transition as reported on the event stream."""

    org_id: str
    epoch: int
    seq: int  # gapless per organisation and epoch
    stream_id: str
    at_ms: int
    kind: EventKind
    item_id: str = ""
    agent_id: str = ""
    queue: str = ""
    assignment: int = 0
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What classification decided about an arrival."""

    queue: str
    requirement: Requirement
    preferred: Mapping[str, int] = field(default_factory=dict)  # skills wished for, not insisted on
    priority: int = 0
    rules: tuple[str, ...] = ()  # names of the rules that matched, for the explanation


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The router's answer to a command: the outcome and the events it caused, in order."""

    outcome: Outcome
    events: tuple[RoutingEvent, ...] = ()
    detail: Mapping[str, object] = field(default_factory=dict)
    """What else there is to tell: {from, to, why} of an overflow, {why, do, queue} of a refusal."""

    @property
    def ok(self) -> bool:
        """Say whether the command has its effect, now or from before."""
        return self.outcome in (Outcome.OK, Outcome.REPEATED)
