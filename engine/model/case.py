"""Cases: the customer's problem, across interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CaseStatus(StrEnum):
    """Where a case stands."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


CASE_CHANGES: Mapping[CaseStatus, frozenset[CaseStatus]] = {
    CaseStatus.NEW: frozenset({CaseStatus.OPEN, CaseStatus.WAITING, CaseStatus.RESOLVED, CaseStatus.CLOSED}),
    CaseStatus.OPEN: frozenset({CaseStatus.WAITING, CaseStatus.RESOLVED, CaseStatus.CLOSED}),
    CaseStatus.WAITING: frozenset({CaseStatus.OPEN, CaseStatus.RESOLVED, CaseStatus.CLOSED}),
    CaseStatus.RESOLVED: frozenset({CaseStatus.OPEN, CaseStatus.CLOSED}),
    CaseStatus.CLOSED: frozenset({CaseStatus.OPEN}),
}
"""Legal changes of a case's status."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """The customer's problem with its number, owner and state."""

    id: str
    org_id: str
    number: int  # counts from 1 per organisation
    subject: str
    contact_id: str
    status: CaseStatus = CaseStatus.NEW
    priority: int = 0
    queue: str = ""
    owner_id: str = ""
    origin: str = ""  # channel key
    topic: str = ""
    version: int = 1  # optimistic concurrency: each write adds one
    opened_ms: int = 0
    updated_ms: int = 0
    closed_ms: int = 0
    escalated_ms: int = 0
    description: str = ""
    type: str = ""  # key of a configured type
    account_id: str = ""
    parent_id: str = ""  # the case that this one is a part of
    team: str = ""  # key of a configured team
    fields: Mapping[str, object] = field(default_factory=dict)  # custom fields by key
    tags: tuple[str, ...] = ()
    plan: str = ""  # key of the plan whose milestones run
    entitlement_id: str = ""
    entitled: str = ""  # entitled | expired | used_up | none; "" = not looked at
    reopened: int = 0  # how often
    rating: int = 0  # 1 to 5; 0 = none
    routed: bool = False  # it waits for an agent as a work item, whenever it needs one
    skills: Mapping[str, int] = field(default_factory=dict)  # asked of who gets it, besides the queue's
    item_id: str = ""  # the open work item by which it is routed
    merged_into: str = ""  # the case that this one was found to be the same as


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseEvent:
    """One thing that happened to a case: who, when, what."""

    id: str
    case_id: str
    at_ms: int
    kind: str  # opened | status | priority | owner | comment | interaction | escalated | …
    actor_id: str = ""  # user id; "" = the engine
    data: Mapping[str, object] = field(default_factory=dict)
