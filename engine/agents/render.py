"""Turn nouns into the pieces of agent frames. Pure."""

from __future__ import annotations

from engine.agents.frames import VERSION, ConversationFrame, Hello
from engine.agents.parts import (
    CasePart,
    ContactPart,
    EntryPart,
    HeldPart,
    InteractionPart,
    NamedPart,
    OfferContact,
    OfferInteraction,
    OfferPart,
    OrganisationPart,
    StatusPart,
    UserPart,
    VisitorPart,
)
from engine.clock import moment, rfc3339
from engine.model.board import HeldItem
from engine.model.case import Case
from engine.model.conversation import Author, Entry, EntryKind, Interaction
from engine.model.customer import Contact
from engine.model.organisation import Organisation
from engine.model.record import Overview
from engine.model.user import Principal
from engine.model.work import Offer

PREVIEW_CHARACTERS = 160


def hello(principal: Principal, organisation: Organisation, *, heartbeat_ms: int) -> Hello:
    """Build the welcome."""
    texts = organisation.in_languages

    def named(key: str, name: str, *place: str) -> NamedPart:
        return NamedPart(key=key, name=name, names=texts(*place))

    return Hello(
        v=VERSION,
        user=UserPart(id=principal.user_id, login=principal.login, name=principal.name, role=principal.role.value),
        organisation=OrganisationPart(
            id=organisation.id,
            name=organisation.name,
            locale=organisation.locale,
            version=organisation.version,
        ),
        statuses=[
            StatusPart(
                key=one.key,
                name=one.name,
                kind=one.kind.value,
                channels=sorted(one.channels),
                names=texts("statuses", one.key, "name"),
            )
            for one in organisation.statuses.values()
        ],
        queues=[named(one.key, one.name, "queues", one.key, "name") for one in organisation.queues.values()],
        dispositions=[named(key, name, "dispositions", key) for key, name in organisation.dispositions],
        skills=[named(one.key, one.name, "skills", one.key, "name") for one in organisation.skills.values()],
        heartbeat_ms=heartbeat_ms,
    )


def entry_part(entry: Entry) -> EntryPart:
    """Build one line of a transcript."""
    return EntryPart(
        seq=entry.seq,
        id=entry.id,
        kind=entry.kind.value,
        author=entry.author.value,
        author_id=entry.author_id,
        name=entry.author_name,
        client_id=entry.client_id,
        body=entry.body,
        at=rfc3339(entry.at_ms),
        data=dict(entry.data),
    )


def interaction_part(interaction: Interaction) -> InteractionPart:
    """Build a conversation's head."""
    return InteractionPart(
        id=interaction.id,
        channel=interaction.channel,
        kind=interaction.kind,
        state=interaction.state.value,
        locale=interaction.locale,
        topic=interaction.topic,
        contact_id=interaction.contact_id,
        case_id=interaction.case_id,
        last_seq=interaction.last_seq,
        agent_read_seq=interaction.agent_read_seq,
        opened_at=rfc3339(interaction.opened_ms),
        closed_at=moment(interaction.closed_ms),
        close_reason=interaction.close_reason,
    )


def contact_part(contact: Contact) -> ContactPart:
    """Build a contact."""
    return ContactPart(id=contact.id, name=contact.name, email=contact.email, language=contact.language)


def case_part(case: Case) -> CasePart:
    """Build a case."""
    return CasePart(
        id=case.id,
        number=case.number,
        subject=case.subject,
        status=case.status.value,
        priority=case.priority,
        queue=case.queue,
        owner_id=case.owner_id,
        contact_id=case.contact_id,
        origin=case.origin,
        topic=case.topic,
        version=case.version,
        opened_at=rfc3339(case.opened_ms),
        updated_at=rfc3339(case.updated_ms),
        closed_at=moment(case.closed_ms),
        escalated_at=moment(case.escalated_ms),
    )


def offer_part(offer: Offer, overview: Overview, entries: list[Entry]) -> OfferPart:
    """Build an offer with what the agent may see before accepting."""
    return OfferPart(
        item_id=offer.item_id,
        assignment=offer.assignment,
        queue=offer.queue,
        offered_at=rfc3339(offer.offered_ms),
        expires_at=rfc3339(offer.expires_ms),
        interaction=OfferInteraction(
            id=overview.interaction.id,
            channel=overview.interaction.channel,
            topic=overview.interaction.topic,
            locale=overview.interaction.locale,
        ),
        contact=OfferContact(name=overview.contact.name if overview.contact else ""),
        preview=preview_of(entries),
    )


def preview_of(entries: list[Entry]) -> str:
    """Return the visitor's latest words on one line, shortened."""
    words = [one.body for one in entries if one.author is Author.VISITOR and one.kind is EntryKind.MESSAGE]
    text = " ".join(words[-1].split()) if words else ""
    return text if len(text) <= PREVIEW_CHARACTERS else f"{text[: PREVIEW_CHARACTERS - 1]}…"


def held_part(item: HeldItem) -> HeldPart:
    """Build a held work item."""
    return HeldPart(
        item_id=item.item_id,
        assignment=item.assignment,
        state=item.state.value,
        queue=item.queue,
        since=rfc3339(item.since_ms),
        deadline=moment(item.deadline_ms),
        interaction_id=item.interaction_id,
    )


def conversation_frame(overview: Overview, entries: list[Entry], *, item_id: str, online: bool) -> ConversationFrame:
    """Build a conversation with its last entries."""
    return ConversationFrame(
        item_id=item_id,
        interaction=interaction_part(overview.interaction),
        contact=contact_part(overview.contact) if overview.contact else None,
        case=case_part(overview.case) if overview.case else None,
        entries=[entry_part(one) for one in entries],
        visitor=VisitorPart(
            online=online,
            received_seq=overview.interaction.delivered_seq,
            read_seq=overview.interaction.read_seq,
        ),
    )
