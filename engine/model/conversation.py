"""Interactions and their transcripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.form import CaseSeed
from engine.model.organisation import Overflow


class InteractionState(StrEnum):
    """Whether the conversation goes on."""

    OPEN = "open"
    CLOSED = "closed"


class Availability(StrEnum):
    """Whether a new conversation would find somebody."""

    OPEN = "open"
    CLOSED = "closed"  # outside the queue's hours
    UNSTAFFED = "unstaffed"  # nobody who could take it is signed in


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospect:
    """What a new conversation can expect."""

    state: Availability
    do: Overflow | None = None  # what the customer is offered instead where nobody is there; None = a message
    text: str = ""  # what he is told of it, "" = what the channel says by itself …
    texts: Mapping[str, str] = field(default_factory=dict)  # … and by language


class EntryKind(StrEnum):
    """What one line of a transcript is."""

    MESSAGE = "message"
    NOTE = "note"  # internal: never shown to the customer
    JOINED = "joined"  # an agent came
    LEFT = "left"
    TRANSFERRED = "transferred"  # internal
    WARNING = "warning"  # idle warning
    ENDED = "ended"
    CALL = "call"  # internal: what became of a telephone call, as ``data`` says


INTERNAL_KINDS = frozenset({EntryKind.NOTE, EntryKind.TRANSFERRED, EntryKind.CALL})
"""Kinds that the customer never sees."""


class Author(StrEnum):
    """Who wrote an entry."""

    VISITOR = "visitor"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An entry to append: it has no place in the transcript yet."""

    kind: EntryKind
    author: Author
    author_id: str = ""  # user id of an agent
    author_name: str = ""
    client_id: str = ""  # the writer's own id: a repeat is the same entry
    body: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of an interaction's transcript; ``seq`` counts from 1 without gaps."""

    id: str
    interaction_id: str
    seq: int
    kind: EntryKind
    author: Author
    author_id: str = ""
    author_name: str = ""
    client_id: str = ""
    body: str = ""
    at_ms: int
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def public(self) -> bool:
        """Say whether the customer may see it."""
        return self.kind not in INTERNAL_KINDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One conversation on one channel with one contact, first message to close."""

    id: str
    org_id: str
    channel: str  # channel key
    kind: str  # channel kind
    conversation_key: str  # chat: session id; one open interaction per key
    contact_id: str
    state: InteractionState = InteractionState.OPEN
    case_id: str = ""
    locale: str = "en"
    topic: str = ""
    last_seq: int = 0
    delivered_seq: int = 0  # highest entry the visitor has received
    read_seq: int = 0  # … has read
    agent_read_seq: int = 0
    opened_ms: int = 0
    closed_ms: int = 0
    close_reason: str = ""  # agent | visitor | idle | gone | …
    last_visitor_ms: int = 0
    warned_ms: int = 0  # idle warning given, 0 = none


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A customer's first contact as a channel hands it to intake."""

    org_id: str
    channel: str
    conversation_key: str
    token_hash: str = ""  # chat: SHA-256 of the session token
    name: str = ""
    email: str = ""
    locale: str = "en"
    topic: str = ""
    body: str = ""  # first message, may be empty for a chat
    client_id: str = ""
    address: str = ""  # network address, for abuse handling only
    phone: str = ""  # number to call back
    callback: bool = False  # asks to be called back
    after_hash: str = ""  # chat: of the session token of a conversation that was turned away, with which this goes on
    seed: CaseSeed | None = None  # what its case begins with, where that is more than the message


@dataclass(frozen=True, kw_only=True, slots=True)
class Appended:
    """What became of a draft: its entry, and whether it had been there before."""

    entry: Entry
    repeated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitorMark:
    """How far the customer has received and read the transcript."""

    interaction_id: str
    delivered_seq: int
    read_seq: int
