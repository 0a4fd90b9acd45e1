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
    WaitingPart,
    WorkPart,
)
from engine.clock import moment, rfc3339
from engine.model.board import HeldItem
from engine.model.case import Case
from engine.model.case_work import CASE_KIND
from engine.model.conversation import Author, Entry, EntryKind, Interaction
from engine.model.customer import Contact
from engine.model.organisation import Organisation
from engine.model.record import Overview, Waiting
from engine.model.user import Principal
from engine.model.work import Offer, WorkItem

PREVIEW_CHARACTERS = 160
DETAILS = 20
"""Most attributes of a work item that are shown."""
CONSULT_FIELDS = frozenset({"asked_by", "asked_by_name", "interaction_id"})
"""Attributes of a consult that are the engine's own."""


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
        decline_reasons=[named(key, name, "decline_reasons", key) for key, name in organisation.decline_reasons],
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
        status=case.status,
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
    return shortened(" ".join(words[-1].split()) if words else "")


def shortened(text: str) -> str:
    """Return a text of at most ``PREVIEW_CHARACTERS``."""
    return text if len(text) <= PREVIEW_CHARACTERS else f"{text[: PREVIEW_CHARACTERS - 1]}…"


def bare_offer_part(offer: Offer, work: WorkPart) -> OfferPart:
    """Build an offer of work without a conversation: a consult is named after who asks, other work by its reference."""
    return OfferPart(
        item_id=offer.item_id,
        assignment=offer.assignment,
        queue=offer.queue,
        offered_at=rfc3339(offer.offered_ms),
        expires_at=rfc3339(offer.expires_ms),
        interaction=OfferInteraction(id="", channel=work.kind, topic="", locale=""),
        contact=OfferContact(name=work.asked_by or work.reference),
        preview=shortened(", ".join(f"{key}: {value}" for key, value in work.details.items())),
        work=work,
    )


def work_part(item: WorkItem) -> WorkPart:
    """Build what agents see of an item's attributes: texts and numbers, shortened, the first few."""
    plain = {
        key: value
        for key, value in item.attributes.items()
        if isinstance(value, str | int | float) and key not in (CONSULT_FIELDS if item.parent_id else ())
    }
    details = {key[:40]: shortened(str(value)) for key, value in list(plain.items())[:DETAILS]}
    return WorkPart(
        kind=item.kind,
        reference=item.reference or _case_name(item),
        details=details | ({"due": rfc3339(item.due_ms)} if item.kind == CASE_KIND and item.due_ms else {}),
        parent_id=item.parent_id,
        asked_by=str(item.attributes.get("asked_by_name", "")) if item.parent_id else "",
        case_id=item.case_id,
    )


def _case_name(item: WorkItem) -> str:
    """Return what work on a case is called: the number and subject of the case."""
    if item.kind != CASE_KIND or "number" not in item.attributes:
        return ""
    return shortened(f"#{item.attributes['number']} {item.attributes.get('subject', '')}")


def held_part(item: HeldItem, organisation: Organisation, profile: str, work: WorkPart | None) -> HeldPart:
    """Build a held work item; ``profile`` is the agent's capacity profile."""
    queue, known = organisation.queues.get(item.queue), organisation.profiles.get(profile)
    channel = known.channels.get(item.kind) if known else None
    timed = queue is not None and queue.wrapup_extend_ms > 0 and item.deadline_ms > 0
    return HeldPart(
        item_id=item.item_id,
        assignment=item.assignment,
        state=item.state.value,
        queue=item.queue,
        since=rfc3339(item.since_ms),
        deadline=moment(item.deadline_ms),
        interaction_id=item.interaction_id,
        kind=item.kind,
        can_park=channel is not None and (channel.parked_maximum > 0 or channel.parked_weight > 0),
        extensions_left=max(0, queue.wrapup_extensions - item.extensions) if queue and timed else 0,
        extend_ms=queue.wrapup_extend_ms if queue else 0,
        work=work,
    )


def waiting_part(one: Waiting, agent_id: str) -> WaitingPart:
    """Build work that waits."""
    item = one.item
    return WaitingPart(
        item_id=item.id,
        queue=item.queue,
        kind=item.kind,
        state=item.state.value,
        priority=item.priority,
        since=rfc3339(item.created_ms),
        name=one.contact_name or item.reference,
        topic=one.topic,
        mine=item.preferred_agent == agent_id,
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
