"""What moves a case: facts go in, one decision comes out, and both are of one transaction.

Whoever wants something of a case (a person, a clock, a rule, the router) hands the record a pure function from
``CaseFacts`` to ``CaseDecision``. The record locks the case, reads the facts, asks, and writes the decision; so a
decision is never made on what another process changes meanwhile, and happens once or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.approval import Approval
from engine.model.case import Case, CaseEvent
from engine.model.case_setup import Filing
from engine.model.customer import Contact
from engine.model.deputy import Deputy
from engine.model.service import Promise

CLAIM_FIELDS = frozenset({"contact_id", "account_id", "assets"})
"""What an entitlement depends on: a signal CHANGED that names one of them in ``fields`` has it verified anew."""
RECLAIMED = "status"
"""So has one that names this: a case that gave its use back may have left the status for which it did."""


class SignalKind(StrEnum):
    """What happened that a case's clocks and rules may care about."""

    OPENED = "opened"
    MESSAGE = "message"  # the customer wrote
    REPLY = "reply"  # an agent wrote to the customer
    ACCEPTED = "accepted"  # an agent took work of the case
    ENDED = "ended"  # a conversation is over
    RATED = "rated"
    EVENT = "event"  # told by another system
    CHANGED = "changed"  # somebody changed the case, or what it depends on


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One thing that happened, kept until the case's clerk has seen to it."""

    id: str
    org_id: str
    case_id: str
    kind: SignalKind
    at_ms: int
    data: Mapping[str, object] = field(default_factory=dict)


class MilestoneState(StrEnum):
    """Where a promised step stands. Missed is no state: what was missed may still be met, late."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """A promised step of a case, with its clock. Its name within the case is (key, occurrence)."""

    id: str
    case_id: str
    key: str  # of the configured milestone
    occurrence: int  # counts from 1
    plan: str  # that promises it
    hours: str  # business hours it runs in; "" = always
    target_ms: int  # business time it may take
    state: MilestoneState
    started_ms: int
    used_ms: int = 0  # business time used until it last stopped
    running_since_ms: int = 0  # 0 = not running
    due_ms: int = 0  # by the clock on the wall; 0 = not running
    met_ms: int = 0
    missed_ms: int = 0  # when it was due and not met; 0 = not missed


@dataclass(frozen=True, kw_only=True, slots=True)
class Firing:
    """A step of an escalation that was taken: once per case, step and occurrence."""

    case_id: str
    step: str  # "rule-set/step"
    occurrence: int
    due_ms: int  # when it should have happened
    at_ms: int = 0  # when it did
    why: Mapping[str, object] = field(default_factory=dict)


class EffectKind(StrEnum):
    """What a decision does outside the record; delivered at least once, each with an id that stays."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    CONSOLE = "console"  # an alert on somebody's screen
    BOARD = "board"  # a command to the router about the case's work item
    WORK = "work"  # a work item that is to be made or ended


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One thing to be done outside the record after the commit."""

    id: str
    kind: EffectKind
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A field of the case that becomes another; it writes its line of history, with what it was before."""

    field: str
    to: object
    why: str = ""
    asked: bool = False  # by whoever the decision is made for; else it is the engine's own doing


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingEffect:
    """An effect that is not done yet, with what its delivery needs besides."""

    effect: Effect
    org_id: str
    case_id: str
    created_ms: int
    attempts: int = 0  # that failed


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryLine:
    """A line of the case's history that a decision writes; those of changed fields write themselves."""

    kind: str
    data: Mapping[str, object] = field(default_factory=dict)
    asked: bool = False  # by whoever the decision is made for; else it is the engine's own doing


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFacts:
    """Everything a decision may look at, read under the case's lock."""

    case: Case
    now_ms: int
    contact: Contact | None = None
    account_tier: str = ""
    account_owner_id: str = ""  # who looks after the account
    entitlement_kind: str = ""  # of the entitlement that the case holds; "" = it holds none
    milestones: tuple[Milestone, ...] = ()
    timers: Mapping[str, int] = field(default_factory=dict)  # name → due (ms), those that are due already included
    firings: tuple[Firing, ...] = ()
    signals: tuple[Signal, ...] = ()  # not seen to yet, oldest first; the decision consumes them
    followers: frozenset[str] = frozenset()
    recent_contacts: int = 0  # conversations of the contact in the last 7 days, this case's included
    contact_times: tuple[int, ...] = ()  # when conversations of the contact began (ms), latest first; of 30 days
    has_work: bool = True  # some work item of the case is not closed: its own, a mail, a conversation
    promises: tuple[Promise, ...] = ()  # that the case may claim; read where CLAIM_FIELDS are of concern …
    account_line: tuple[str, ...] = ()  # … as are the case's account and those above it, nearest first …
    assets: tuple[str, ...] = ()  # … and what it is about
    approvals: tuple[Approval, ...] = ()  # that wait, in the order they were asked for
    refused: str = ""  # why the record would not have what was approved: it fails then
    absent: frozenset[str] = frozenset()  # users who are switched off, as far as a rule named them
    deputies: tuple[Deputy, ...] | None = None  # who stands in, now or later; None: read where somebody is named


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseDecision:
    """What becomes of the case. Empty: nothing, but the signals count as seen to."""

    changes: tuple[Change, ...] = ()  # in order; a field may change more than once
    lines: tuple[HistoryLine, ...] = ()
    milestones: tuple[Milestone, ...] = ()  # new ones, and changed ones as they are now
    timers: Mapping[str, int] | None = None  # name → due (ms); all there are from now on. None: as before
    firings: tuple[Firing, ...] = ()  # new ones; one that there is already refuses the whole decision
    effects: tuple[Effect, ...] = ()
    add_followers: frozenset[str] = frozenset()
    children: tuple[Mapping[str, object], ...] = ()  # cases to open under this one: subject, queue, priority, …
    filing: Filing = field(default_factory=Filing)  # how they begin
    approvals: tuple[Approval, ...] = ()  # new ones, and changed ones as they are now


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What a decision came to, committed."""

    case: Case
    decision: CaseDecision
    events: tuple[CaseEvent, ...] = ()  # the lines of history it wrote
    children: tuple[Case, ...] = ()


Decide = Callable[[CaseFacts], CaseDecision]
"""A pure function; it may be called again on newer facts, and must not keep what it saw. Raises refuse the write."""
