"""What an organisation configures: skills, queues, presence statuses, capacity, channels, rules.

Keys are short names ``[a-z0-9_-]{1,40}`` unique within their kind. Times end in ``_ms``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.approval import ApprovalProcess
from engine.model.assignment import AssignmentRule
from engine.model.automation import AutomationRule, Enabled
from engine.model.case_setup import (
    BUILT_IN_STATUSES,
    CaseStatus,
    CaseStatusKind,
    CaseType,
    CustomField,
    FieldOf,
    Filing,
    first_of,
)
from engine.model.chat_limits import ChatLimits
from engine.model.escalation import RuleSet
from engine.model.form import Form
from engine.model.hours import Hours
from engine.model.macro import Macro, QuickText
from engine.model.mail_channel import Email
from engine.model.plan import BUILT_IN_MILESTONES, MilestoneRule, Plan
from engine.model.team import Team
from engine.model.visibility import Visibility
from engine.model.voice import Phone, Voice

MAX_LEVEL = 10
RANK = 1
"""An agent's rank of a queue when none is configured."""


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


class AgentOrder(StrEnum):
    """Which of a queue's agents gets an item first."""

    LONGEST_IDLE = "longest_idle"
    LEAST_LOADED = "least_loaded"
    MOST_SKILLED = "most_skilled"
    FEWEST_HANDLED = "fewest_handled"


class Ranking(StrEnum):
    """Which of a queue's items goes first."""

    PRIORITY_AS_SECONDS = "priority_as_seconds"  # a point of priority counts like some more waiting
    PRIORITY_THEN_AGE = "priority_then_age"  # any point of priority counts more than any waiting
    DUE = "due"  # what must be begun soonest


class Accept(StrEnum):
    """How an offer becomes an assignment."""

    MANUAL = "manual"  # the agent accepts
    AUTOMATIC = "automatic"  # at once


class WrapupMode(StrEnum):
    """How a wrap-up ends."""

    TIMED = "timed"  # done, or its time is over
    MANUAL = "manual"  # only when the agent is done
    NONE = "none"  # there is none


class Pressure(StrEnum):
    """Why a queue does not take an item in."""

    FULL = "full"  # too many wait
    WAIT = "wait"  # the wait would be too long
    CLOSED = "closed"  # out of hours, or closed by hand
    UNSTAFFED = "unstaffed"  # nobody who qualifies is signed in


class Overflow(StrEnum):
    """What becomes of an item that a queue does not take in, unless another queue does."""

    MESSAGE = "message"  # the customer leaves a message
    CALLBACK = "callback"  # the customer is called back
    REFUSE = "refuse"
    WAIT = "wait"  # it is taken in all the same


class OnAgentLost(StrEnum):
    """What becomes of active work whose agent is gone for good."""

    REQUEUE = "requeue"
    KEEP = "keep"  # it stays with him until he is back


@dataclass(frozen=True, kw_only=True, slots=True)
class Skill:
    """Something an agent can do at a level from 1 to ``MAX_LEVEL``."""

    key: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RelaxationStep:
    """What an item asks for less from some age on; steps add up."""

    after_ms: int  # age in this queue, declines included
    lower: Mapping[str, int] = field(default_factory=dict)  # skill → levels less; below 1 it is dropped
    drop: frozenset[str] = frozenset()  # skills no longer asked for
    widen: tuple[str, ...] = ()  # queues whose agents may take it too


@dataclass(frozen=True, kw_only=True, slots=True)
class OverflowTo:
    """Where an item goes that a queue does not take in: to the queue ``to``, or as ``do`` says."""

    to: str = ""
    do: Overflow | None = None  # None when ``to`` is given


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevel:
    """The goal of a queue: so many percent answered within so long."""

    percent: int
    within_ms: int
    amber: int = 20  # points below the goal that are a warning still

    @property
    def least(self) -> int:
        """Return the percent below which the goal is missed badly."""
        return max(0, self.percent - self.amber)


@dataclass(frozen=True, kw_only=True, slots=True)
class KindRule:
    """How the work of one kind behaves."""

    on_agent_lost: OnAgentLost = OnAgentLost.REQUEUE
    refusable: bool = True  # False: no queue is ever too full for it


BUILT_IN_KINDS: Mapping[str, KindRule] = {
    "chat": KindRule(),
    "email": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False),
    "voice": KindRule(on_agent_lost=OnAgentLost.KEEP),
    "callback": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False),  # what was promised is kept
    "case": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False),
    "lead": KindRule(on_agent_lost=OnAgentLost.KEEP, refusable=False),
}
"""Kinds of work that every organisation has, as they behave unless configured otherwise."""


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
    order: AgentOrder = AgentOrder.LONGEST_IDLE
    ranking: Ranking = Ranking.PRIORITY_AS_SECONDS
    accept: Accept = Accept.MANUAL
    offer_to: int = 1  # agents who are offered the same item at once
    relaxation: tuple[RelaxationStep, ...] = ()  # by age
    preferred_skills_wait_ms: int = 30_000  # preferred skills are asked for until this age; 0 = only at first
    preferred_wait_ms: int = 30_000  # held so long for a preferred agent; 0 = not
    required_wait_ms: int = 86_400_000  # held so long for a required agent; 0 = without bound
    limit_items: int = 0  # most that may wait; 0 = no bound
    limit_wait_ms: int = 0  # longest wait that may be expected; 0 = no bound
    overflow: Mapping[Pressure, OverflowTo] = field(default_factory=dict)  # where not given: refuse, or the form
    overflow_texts: Mapping[Pressure, str] = field(default_factory=dict)  # what customers are told who are not taken in
    hold_room_after_ms: int = 0  # lighter work may pass an item until it has waited so long; 0 = for ever
    wrapup_mode: WrapupMode = WrapupMode.TIMED
    wrapup_extend_ms: int = 30_000  # an extension of the wrap-up adds so much …
    wrapup_extensions: int = 0  # … at most so many times
    service_level: ServiceLevel | None = None  # None = no goal
    plan: str = ""  # key of the plan that its cases are promised; "" = none

    @property
    def answer_within_ms(self) -> int:
        """Return within which time an answer counts as in time; 0 = any does."""
        return self.service_level.within_ms if self.service_level else self.target_ms

    @property
    def wrapup(self) -> WrapupMode:
        """Say how a wrap-up ends; a timed one of no time is none."""
        return WrapupMode.NONE if self.wrapup_mode is WrapupMode.TIMED and not self.wrapup_ms else self.wrapup_mode


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
    needs_empty: bool = False  # offered only to who holds no work that it may not interrupt
    parked_weight: int = 0  # units a parked work item holds
    parked_maximum: int = 0  # most parked at once; 0 = no bound


@dataclass(frozen=True, kw_only=True, slots=True)
class CapacityProfile:
    """How much work an agent can hold: units in all and per channel kind."""

    key: str
    units: int
    channels: Mapping[str, ChannelCapacity]


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One way in: a chat widget, later a mailbox, a number, a page."""

    key: str
    kind: str  # "chat", "email", "form", "voice"
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
    form: Form | None = None  # of a web form
    email: Email | None = None  # of an e-mail channel
    voice: Voice | None = None  # of a voice channel

    @property
    def work_kind(self) -> str:
        """Return the kind of work that comes through it; "" = none by itself."""
        routed = "case" if self.form and self.form.routed else ""
        return routed if self.form else self.kind


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
    preferred: Mapping[str, int] = field(default_factory=dict)  # skills asked for at first only
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
    ranks: Mapping[str, int] = field(default_factory=dict)  # his own order of them, lower first; others have RANK
    email: str = ""  # where he is told of things
    phone: Phone = field(default_factory=Phone)  # by what the telephone system knows him
    user_id: str = ""  # of his account, while he may sign in; files do not know it


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    """A tenant with its whole configuration, checked: every reference resolves."""

    id: str
    name: str
    version: int  # number of the configuration snapshot
    locale: str = "en"
    time_zone: str = "UTC"
    region: str = ""  # ISO 3166 code of the country that telephone numbers without one are of
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
    fill_pace_ms: int = 0  # who comes back gets automatic work one by one, so far apart; 0 = at once
    signature_limit: int = 5_000  # most different requirements on the board at once
    decline_reasons: tuple[tuple[str, str], ...] = ()  # (key, name)
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # place of a text → language → text
    kinds: Mapping[str, KindRule] = field(default_factory=lambda: dict(BUILT_IN_KINDS))
    hours: Mapping[str, Hours] = field(default_factory=dict)
    case_statuses: Mapping[str, CaseStatus] = field(default_factory=lambda: BUILT_IN_STATUSES)
    case_types: Mapping[str, CaseType] = field(default_factory=dict)
    fields: Mapping[FieldOf, Mapping[str, CustomField]] = field(default_factory=dict)
    milestones: Mapping[str, MilestoneRule] = field(default_factory=lambda: dict(BUILT_IN_MILESTONES))
    plans: Mapping[str, Plan] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    assignment: tuple[AssignmentRule, ...] = ()  # the first that fits a new case
    escalations: Mapping[str, RuleSet] = field(default_factory=dict)
    quick_texts: Mapping[str, QuickText] = field(default_factory=dict)
    macros: Mapping[str, Macro] = field(default_factory=dict)
    automation: tuple[AutomationRule, ...] = ()  # in the order in which they are asked
    approvals: Mapping[str, ApprovalProcess] = field(default_factory=dict)
    visibility: Visibility = field(default_factory=Visibility)  # what agents see of cases and customers
    sales_queue: str = ""  # where leads go; "" = nobody takes them
    verifies_entitlements: bool = False  # on every new case

    @property
    def watches_cases(self) -> bool:
        """Say whether anything is to hear of what happens to cases; where nothing is, no word is left of it."""
        own_statuses = self.case_statuses != BUILT_IN_STATUSES
        automated = any(rule.enabled is not Enabled.FALSE for rule in self.automation)
        others = (self.assignment, self.escalations, self.plans, self.verifies_entitlements)
        return own_statuses or automated or any(others)

    @property
    def filing(self) -> Filing:
        """Return how the record is to begin a case."""
        new, taken = (first_of(self.case_statuses, kind) for kind in (CaseStatusKind.NEW, CaseStatusKind.OPEN))
        return Filing(watched=self.watches_cases, new=new, taken=taken)

    def in_languages(self, *place: str) -> Mapping[str, str]:
        """Return the text at a place of the configuration by language, such as ``queues sales name``; may be empty."""
        return self.translations.get(".".join(place), {})

    def overflow_text(self, queue: str, why: Pressure) -> tuple[str, Mapping[str, str]]:
        """Return what customers are told whom a queue does not take in: for everybody, and by language."""
        place = ("queues", queue, "overflow_texts", why.value)
        return self.queues[queue].overflow_texts.get(why, ""), self.in_languages(*place)


def nearest_text(text: str, texts: Mapping[str, str], locale: str) -> str:
    """Return the one of ``texts`` (by language) that is nearest to ``locale``; ``text`` where none is."""
    primary = locale.replace("_", "-").partition("-")[0].lower()
    near = (said for language, said in texts.items() if language.partition("-")[0] == primary)
    return texts.get(locale) or next(near, text)
