"""Interactions: a conversation, its transcript, and writing into it."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.cases import named_case
from engine.api.schemas.cases import OverviewAnswer, VisitorAnswer
from engine.api.schemas.model import Page
from engine.api.schemas.transcript import ContactAnswer, EntryAnswer, InteractionAnswer, NewEntry
from engine.api.schemas.work import WorkItemAnswer
from engine.errors import Unavailable
from engine.model.conversation import Interaction

TAG = "Interactions"
LAST_ENTRIES = 200


async def read_interaction(interaction_id: str, parts: Parts, who: Agent) -> OverviewAnswer:
    """Read a conversation.

    With contact, case, work item and the last 200 entries.
    """
    found = await parts.conversations.overview(who.org_id, interaction_id)
    entries = await parts.transcripts.since(
        who.org_id, interaction_id, after_seq=max(0, found.interaction.last_seq - LAST_ENTRIES), limit=LAST_ENTRIES
    )
    return OverviewAnswer(
        interaction=InteractionAnswer.of(found.interaction),
        contact=ContactAnswer.of(found.contact) if found.contact else None,
        case=await named_case(parts, found.case, found.contact) if found.case else None,
        item=WorkItemAnswer.of(found.item) if found.item else None,
        visitor=VisitorAnswer(
            online=await _online(parts, found.interaction),
            received_seq=found.interaction.delivered_seq,
            read_seq=found.interaction.read_seq,
        ),
        entries=[EntryAnswer.of(one) for one in entries],
    )


async def list_entries(
    interaction_id: str,
    parts: Parts,
    who: Agent,
    after_seq: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> Page[EntryAnswer]:
    """Read a transcript.

    Entries after `after_seq`, in order; the page after begins at the last `seq` of this one.
    """
    await parts.conversations.get(who.org_id, interaction_id)
    found = await parts.transcripts.since(who.org_id, interaction_id, after_seq=after_seq, limit=limit)
    return Page(items=[EntryAnswer.of(one) for one in found])


async def write_entry(interaction_id: str, body: NewEntry, parts: Parts, who: Agent) -> EntryAnswer:
    """Write to the customer, or leave an internal note.

    Messages are for whoever holds the conversation; notes for him and for supervisors, also after the end. The same
    `client_id` is the same entry.
    """
    await parts.conversations.get(who.org_id, interaction_id)
    write = parts.desk.note if body.note else parts.desk.say
    appended = await write(who, interaction_id, client_id=body.client_id, body=body.body)
    return EntryAnswer.of(appended.entry)


async def _online(parts: ApiParts, interaction: Interaction) -> bool:
    try:
        return await parts.session.visitor_online(interaction)
    except Unavailable:
        return False  # nobody knows; the rest is worth showing


OPERATIONS = (
    Operation(
        method="GET",
        path="/interactions/{interaction_id}",
        handler=read_interaction,
        tag=TAG,
        errors=("unknown-interaction",),
    ),
    Operation(
        method="GET",
        path="/interactions/{interaction_id}/entries",
        handler=list_entries,
        tag=TAG,
        errors=("unknown-interaction",),
    ),
    Operation(
        method="POST",
        path="/interactions/{interaction_id}/entries",
        handler=write_entry,
        tag=TAG,
        status=201,
        errors=(
            "unknown-interaction",
            "not-yours",
            "interaction-closed",
            "write-mail",
            "on-the-telephone",
            "too-large",
            "reserved-client-id",
        ),
    ),
)
