"""What an organisation configures: skills, queues, presence statuses, capacity, channels, rules.

Keys are short names ``[a-z0-9_-]{1,40}`` unique within their kind. Times end in ``_ms``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_LEVEL = 10


class Role(StrEnum):
    """What a user may do: each role may do what the ones before it may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class StatusKind(StrEnum):
    """What a presence status means for statistics."""

    AVAILABLE = "available"
    BREAK = "break"
    OFFLINE = "offline"


class CasePolicy(StrEnum):
    """When a channel opens a case for an interaction."""

    FIRST_MESSAGE = "first_message"
    END = "end"
    MANUAL = "manual"


@dataclass(frozen=True, kw_only=True, slots=True)
class Skill:
    """Something an agent can do at a level from 1 to ``MAX_LEVEL``."""

    key: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """One opening period: weekday 0 (Monday) to 6, minutes after local midnight, end exclusive."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """When a queue is open, in the organisation's time zone."""

    periods: tuple[Period, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """Where work items of a kind wait."""

    key: str
    name: str
    priority: int = 0  # added to each item's priority
    priority_step_ms: int = 60_000  # one point of priority is worth this much age
    target_ms: int = 0  # service-level target: answer within
    offer_timeout_ms: int = 20_000  # an agent has this long to accept
    wrapup_ms: int = 30_000  # longest wrap-up; 0 = none
    decline_memory_ms: int = 30_000  # a decliner is passed over this long
    escalate_after_ms: int = 0  # unanswered this long: escalate; 0 = never
    escalate_priority: int = 5  # points of priority added by the escalation
    skills: Mapping[str, int] = field(default_factory=dict)  # required of every item: skill → level
    hours: Hours | None = None  # None = always open


@dataclass(frozen=True, kw_only=True, slots=True)
class PresenceStatus:
    """A status an agent can choose; it names the channels it takes."""

    key: str
    name: str
    kind: StatusKind
    channels: frozenset[str] = frozenset()  # channel kinds, e.g. {"chat"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelCapacity:
    """How work of one channel kind uses an agent's capacity."""

    weight: int = 1  # units one work item holds
    maximum: int = 0  # most at once of this kind; 0 = as units allow
    exclusive: bool = False  # while held, nothing else is offered
    interruptible_by: frozenset[str] = frozenset()  # kinds that may come on top


@dataclass(frozen=True, kw_only=True, slots=True)
class CapacityProfile:
    """How much work an agent can hold: units in all and per channel kind."""

    key: str
    units: int
    channels: Mapping[str, ChannelCapacity]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatLimits:
    """Bounds against abuse of a chat channel."""

    message_bytes: int = 4_096  # longest message body, UTF-8
    frame_bytes: int = 16_384  # longest frame
    visitor_rate: float = 2.0  # messages per second per visitor …
    visitor_burst: int = 10  # … after this many at once
    address_rate: float = 20.0  # frames per second per network address …
    address_burst: int = 200
    sockets_per_address: int = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One way in: a chat widget, later a mailbox, a number, a page."""

    key: str
    kind: str  # "chat"
    name: str
    queue: str  # where work goes when no rule matches
    allowed_origins: tuple[str, ...] = ()  # "https://shop.example"; "*" = any
    topics: tuple[tuple[str, str], ...] = ()  # (key, name) offered in the pre-chat form
    case_policy: CasePolicy = CasePolicy.FIRST_MESSAGE
    greeting: str = ""
    visitor_grace_ms: int = 60_000  # a visitor whose socket is gone may come back within
    idle_warning_ms: int = 300_000  # no word from the visitor this long: warn
    idle_close_ms: int = 120_000  # … and this long after the warning: close
    limits: ChatLimits = field(default_factory=ChatLimits)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One classification rule: all given conditions must hold; the first match decides."""

    name: str
    channels: frozenset[str] = frozenset()  # channel keys; empty = any
    topics: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()  # primary subtags: "en", "zh"
    keywords: tuple[str, ...] = ()  # any of them in the first message or topic, case-folded
    queue: str = ""  # "" = keep
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0
    final: bool = True  # False: go on, later rules may add skills and priority


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentSetup:
    """One user as configured; the password is never here."""

    login: str
    name: str
    role: Role
    profile: str = ""  # capacity profile
    skills: Mapping[str, int] = field(default_factory=dict)
    queues: tuple[str, ...] = ()  # the agent's queues, home queue first


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    """A tenant with its whole configuration, checked: every reference resolves."""

    id: str
    name: str
    version: int  # number of the configuration snapshot
    locale: str = "en"
    time_zone: str = "UTC"
    skills: Mapping[str, Skill]
    queues: Mapping[str, Queue]
    statuses: Mapping[str, PresenceStatus]
    profiles: Mapping[str, CapacityProfile]
    channels: Mapping[str, Channel]
    rules: tuple[Rule, ...]
    agents: Mapping[str, AgentSetup]  # by login
    dispositions: tuple[tuple[str, str], ...]  # (key, name)
    sign_out_status: str  # key of a status of kind offline
    missed_offers: int = 3  # after so many misses in a row …
    missed_status: str = ""  # … the agent goes to this status; "" = stays
    lost_agent_grace_ms: int = 30_000  # an agent who is gone keeps his chats this long
    lease_ms: int = 20_000  # presence lease; heartbeats renew it
