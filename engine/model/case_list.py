"""Lists of cases: which ones, as somebody says it and as the record is asked; in which order; a page of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.case import Case
from engine.model.case_setup import CaseStatusKind

Values = tuple[str, ...]


class CaseOrder(StrEnum):
    """How a list of cases is ordered."""

    NEWEST = "newest"  # by number, the highest first
    OLDEST = "oldest"
    OPENED = "opened"  # what was opened last first: not by number where cases were brought from elsewhere
    UPDATED = "updated"  # what changed last first
    UNTOUCHED = "untouched"  # what changed longest ago first
    PRIORITY = "priority"  # the most urgent first
    DUE = "due"  # whose next milestone is due soonest first; only cases of which one runs


OPEN_ORDERS = frozenset({CaseOrder.UPDATED, CaseOrder.UNTOUCHED, CaseOrder.PRIORITY, CaseOrder.DUE})
"""Orders of work: cases that are over are left out unless they are asked for."""


class MilestoneNow(StrEnum):
    """How a case's milestones may stand."""

    RUNNING = "running"
    PAUSED = "paused"
    MISSED = "missed"  # due and not met yet


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFilter:
    """Which cases, as a person says it; what is empty does not count. Of several values any will do.

    Moments are words: see ``engine.skills.moments``. ``owner`` knows ``me``, ``nobody`` and ``my_team``, ``team`` knows
    ``mine``.
    """

    status: Values = ()
    not_status: Values = ()
    kind: tuple[CaseStatusKind, ...] = ()
    queue: Values = ()
    not_queue: Values = ()
    type: Values = ()
    not_type: Values = ()
    owner: Values = ()
    not_owner: Values = ()
    team: Values = ()
    not_team: Values = ()
    origin: Values = ()
    not_origin: Values = ()
    tag: Values = ()
    not_tag: Values = ()
    tier: Values = ()  # of the account, or of the contact
    not_tier: Values = ()
    entitled: Values = ()  # what the check of its service said
    not_entitled: Values = ()
    entitlement: Values = ()  # kind of the one that it holds
    not_entitlement: Values = ()
    contact_owner: Values = ()  # who looks after its contact; knows the words that ``owner`` knows
    not_contact_owner: Values = ()
    contact_id: str = ""
    account_id: str = ""
    parent_id: str = ""
    open: bool | None = None
    escalated: bool | None = None
    priority_from: int | None = None
    priority_to: int | None = None  # inclusive
    opened_from: str = ""
    opened_to: str = ""  # exclusive, as the others
    updated_from: str = ""
    updated_to: str = ""
    closed_from: str = ""
    closed_to: str = ""
    milestone: tuple[MilestoneNow, ...] = ()
    due_before: str = ""  # a running milestone is due before
    unanswered_since: str = ""  # the customer has waited for a reply at least since then
    fields: Mapping[str, Values] = field(default_factory=dict)
    not_fields: Mapping[str, Values] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseWanted:
    """Which cases, as the record is asked: no words left, only values. None and empty do not count."""

    among: Mapping[str, Sequence[str]] = field(default_factory=dict)  # column → any of these
    without: Mapping[str, Sequence[str]] = field(default_factory=dict)  # column → none of these
    between: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)  # column → from, to (exclusive)
    tags: Values = ()
    not_tags: Values = ()
    tiers: Values = ()
    not_tiers: Values = ()
    entitlements: Values = ()  # kinds
    not_entitlements: Values = ()
    contact_owners: Values = ()  # '' = nobody
    not_contact_owners: Values = ()
    fields: Mapping[str, Values] = field(default_factory=dict)
    not_fields: Mapping[str, Values] = field(default_factory=dict)
    open: bool | None = None
    escalated: bool | None = None
    milestones: tuple[MilestoneNow, ...] = ()
    due_before_ms: int = 0
    responses: Values = ()  # milestones that a reply meets, and …
    unanswered_since_ms: int = 0  # … one of which has been outstanding at least since then
    text: str = ""
    ids: Values | None = None  # cases in which the search index finds ``text``; None: it cannot say all of them
    nothing: bool = False  # it contradicts itself: there is no such case


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page ended: the value that it is ordered by, and the number of the case."""

    value: int
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePage:
    """A page of a list. It may be short where few of many cases fit: ``next`` says where to look on."""

    cases: Sequence[Case]
    next: Place | None = None  # None: this is the last page


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseCount:
    """How many cases there are."""

    count: int
    more: bool = False  # there are more, or the rest was not looked at
