"""The pieces that agent frames are made of. Times are RFC 3339 strings, ``None`` = never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class UserPart(msgspec.Struct, frozen=True):
    """The signed-in user."""

    id: str
    login: str
    name: str
    role: str


class OrganisationPart(msgspec.Struct, frozen=True):
    """The organisation and the number of its configuration in force."""

    id: str
    name: str
    locale: str
    version: int


class NamedPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something configured: its key and its name; ``names`` by language where it has several."""

    key: str
    name: str
    names: Mapping[str, str] = msgspec.field(default_factory=dict)


class StatusPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """A presence status to choose; ``kind`` is available, break or offline; ``names`` as in ``NamedPart``."""

    key: str
    name: str
    kind: str
    channels: list[str]  # kinds of channels it takes
    names: Mapping[str, str] = msgspec.field(default_factory=dict)


class StatusNow(msgspec.Struct, frozen=True):
    """The agent's present status."""

    key: str
    since: str | None


class LoadPart(msgspec.Struct, frozen=True):
    """Units of capacity in use and in all."""

    used: int
    units: int


class OfferInteraction(msgspec.Struct, frozen=True):
    """What an offered conversation is about."""

    id: str
    channel: str
    topic: str
    locale: str


class OfferContact(msgspec.Struct, frozen=True):
    """Who waits."""

    name: str


class WorkPart(msgspec.Struct, frozen=True):
    """Work without a conversation of its own: ``details`` are its attributes in short; a consult has a parent."""

    kind: str
    reference: str
    details: Mapping[str, str]
    parent_id: str
    asked_by: str  # name of who asks for the consult
    case_id: str  # the case that it is of; "" = none


class OfferPart(msgspec.Struct, frozen=True):
    """An offer: accept or decline it with its ``assignment`` before ``expires_at``."""

    item_id: str
    assignment: int
    queue: str
    offered_at: str
    expires_at: str
    interaction: OfferInteraction
    contact: OfferContact
    preview: str  # the visitor's latest words, shortened
    work: WorkPart | None = None  # where there is no conversation


class HeldPart(msgspec.Struct, frozen=True):
    """A work item the agent holds or has parked; ``deadline`` is the end of the wrap-up."""

    item_id: str
    assignment: int
    state: str
    queue: str
    since: str
    deadline: str | None
    interaction_id: str  # of a consult: the conversation that it is about
    kind: str
    can_park: bool  # the agent's capacity profile says how such work is parked
    extensions_left: int  # how often the wrap-up can be given more time …
    extend_ms: int  # … and how much
    work: WorkPart | None = None  # where there is no conversation of its own


class EntryPart(msgspec.Struct, frozen=True):
    """One line of a transcript."""

    seq: int
    id: str
    kind: str
    author: str
    author_id: str
    name: str
    client_id: str
    body: str
    at: str
    data: dict[str, Any]


class InteractionPart(msgspec.Struct, frozen=True):
    """A conversation."""

    id: str
    channel: str
    kind: str
    state: str
    locale: str
    topic: str
    contact_id: str
    case_id: str
    last_seq: int
    agent_read_seq: int
    opened_at: str
    closed_at: str | None
    close_reason: str


class ContactPart(msgspec.Struct, frozen=True):
    """The person who wrote."""

    id: str
    name: str
    email: str
    language: str


class CasePart(msgspec.Struct, frozen=True):
    """The case of a conversation."""

    id: str
    number: int
    subject: str
    status: str
    priority: int
    queue: str
    owner_id: str
    contact_id: str
    origin: str
    topic: str
    version: int
    opened_at: str
    updated_at: str
    closed_at: str | None
    escalated_at: str | None


class VisitorPart(msgspec.Struct, frozen=True):
    """Whether the visitor is there, and how far he has received and read."""

    online: bool
    received_seq: int
    read_seq: int


class BoardQueue(msgspec.Struct, frozen=True):
    """One queue on the wallboard; ``service_level`` from 0 to 1, null while nothing counts."""

    key: str
    name: str
    waiting: int
    longest_wait_ms: int
    offered: int
    active: int
    wrapup: int
    scheduled: int
    parked: int
    mode: str  # open, paused (nothing is handed out), draining (nothing comes in)
    closed: bool  # out of hours
    wait_low_ms: int  # what a newcomer would wait, with 60 % between these; 0 = nobody waits, or not known
    wait_high_ms: int
    wait_inside: float | None  # share of true waits that fell into their band; null before the first
    service_level: float | None
    goal: float  # a service level from here on is good …
    least: float  # … from here on fair, below it bad
    offered_today: int
    answered_today: int
    abandoned_today: int


class BoardAgent(msgspec.Struct, frozen=True):
    """One agent on the wallboard."""

    id: str
    name: str
    status: str
    status_name: str
    status_kind: str
    since: str | None
    connected: bool
    used: int
    units: int
    items: int


class WaitingPart(msgspec.Struct, frozen=True):
    """Work that waits in one of the agent's queues: he may pick it."""

    item_id: str
    queue: str
    kind: str
    state: str  # queued, or offered to somebody
    priority: int
    since: str  # when it came
    name: str  # who waits, or what it is called
    topic: str
    mine: bool  # nobody else may have it, or he is preferred


class MatchPart(msgspec.Struct, frozen=True):
    """Somebody or something that a call may be about."""

    kind: str  # contact, account, case
    id: str
    title: str
    number: int  # a case's; else 0


class PopPart(msgspec.Struct, frozen=True):
    """What the screen does for a call."""

    action: str  # match, case, list, new, url, nothing
    by: str  # case_number, customer_number, number; empty: nothing was found
    open: MatchPart | None
    matches: list[MatchPart]
    url: str


class CallPart(msgspec.Struct, frozen=True):
    """A call in which one of the agent's telephones takes part; times are by the engine's clock."""

    id: str
    channel: str
    state: str
    direction: str
    number: str  # the customer's, as the telephone system wrote it; empty: withheld, or there is none
    from_number: str
    to_number: str
    queue: str  # the telephone system's name of it
    given: Mapping[str, str]  # what the caller keyed in
    interaction_id: str
    contact_id: str
    contact_name: str
    known: bool  # the number was a contact's before the call
    case_id: str
    item_id: str  # of the work that it is to the agent; empty: he has not answered
    party: str  # which of his telephones
    leg_state: str  # ringing, talking, held, parked
    rang_at: str | None
    answered_at: str | None
    since: str | None  # in that state
    pop: PopPart
