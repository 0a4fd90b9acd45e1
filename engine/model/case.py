"""Cases: the customer's problem, across interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.case_setup import Filing


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """The customer's problem with its number, owner and state."""

    id: str
    org_id: str
    number: int  # counts from 1 per organisation
    subject: str
    contact_id: str
    status: str = "new"  # key of a configured status
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
    approvals_waiting: int = 0  # how many
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
    number: int = 0  # counts within the case


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCase:
    """What a new case begins with."""

    org_id: str
    subject: str
    contact_id: str = ""
    interaction_id: str = ""  # the conversation that it is opened for
    queue: str = ""
    priority: int = 0
    origin: str = ""
    topic: str = ""
    owner_id: str = ""
    filing: Filing = field(default_factory=Filing)
    request_key: str = ""  # the opener's own id, by which a repeat is known
    said: str = ""  # the message that it is opened for
    account_id: str = ""
    parent_id: str = ""
    description: str = ""
    type: str = ""
    team: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    skills: Mapping[str, int] = field(default_factory=dict)
    routed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """What somebody says of a case."""

    body: str
    actor_id: str
    client_id: str  # the writer's own id: a repeat is the same comment
    public: bool = False  # for the customer's eyes too
