"""Interactions, their entries and contacts at the border."""

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.clock import moment, rfc3339
from engine.model.conversation import Author, Entry, EntryKind, Interaction, InteractionState
from engine.model.customer import Contact


class InteractionAnswer(Answer):
    """A conversation."""

    id: str
    channel: str
    kind: str
    state: InteractionState
    locale: str
    topic: str
    contact_id: str
    case_id: str
    last_seq: int
    agent_read_seq: int
    opened_at: str
    closed_at: str | None
    close_reason: str

    @classmethod
    def of(cls, one: Interaction) -> "InteractionAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            channel=one.channel,
            kind=one.kind,
            state=one.state,
            locale=one.locale,
            topic=one.topic,
            contact_id=one.contact_id,
            case_id=one.case_id,
            last_seq=one.last_seq,
            agent_read_seq=one.agent_read_seq,
            opened_at=rfc3339(one.opened_ms),
            closed_at=moment(one.closed_ms),
            close_reason=one.close_reason,
        )


class EntryAnswer(Answer):
    """One line of a transcript."""

    seq: int
    id: str
    kind: EntryKind
    author: Author
    author_id: str
    name: str
    client_id: str
    body: str
    at: str
    data: dict[str, object]

    @classmethod
    def of(cls, entry: Entry) -> "EntryAnswer":
        """Build from the noun."""
        return cls(
            seq=entry.seq,
            id=entry.id,
            kind=entry.kind,
            author=entry.author,
            author_id=entry.author_id,
            name=entry.author_name,
            client_id=entry.client_id,
            body=entry.body,
            at=rfc3339(entry.at_ms),
            data=dict(entry.data),
        )


class NewEntry(Request):
    """Say something, or leave an internal note."""

    client_id: str = Field(min_length=1, max_length=100, description="The writer's own id: a repeat is the same entry.")
    body: str = Field(min_length=1)
    note: bool = Field(default=False, description="Internal: the customer never sees it.")


class ContactAnswer(Answer):
    """A person who writes."""

    id: str
    name: str
    email: str
    language: str
    created_at: str | None

    @classmethod
    def of(cls, contact: Contact) -> "ContactAnswer":
        """Build from the noun."""
        return cls(
            id=contact.id,
            name=contact.name,
            email=contact.email,
            language=contact.language,
            created_at=moment(contact.created_ms),
        )
