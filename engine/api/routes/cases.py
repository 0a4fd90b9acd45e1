"""Cases: find, read, open, change, comment."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Query, Request

from engine.api.access import Agent, Parts
from engine.api.names import Names
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.schemas.cases import (
    CaseAnswer,
    CaseChange,
    CaseDetail,
    CaseEventAnswer,
    ConversationBrief,
    EventLine,
    InteractionLine,
    NewCase,
    NewComment,
)
from engine.api.schemas.model import Page
from engine.api.schemas.transcript import ContactAnswer, EntryAnswer, InteractionAnswer
from engine.errors import InvalidInput, NotFound
from engine.model.case import Case, CaseStatus
from engine.model.customer import Contact
from engine.model.record import CaseTimeline

TAG = "Cases"
TIMELINE = 500


async def list_cases(
    request: Request,
    parts: Parts,
    who: Agent,
    status: CaseStatus | None = None,
    owner: Annotated[str | None, Query(max_length=40, description="A user id, or `me`.")] = None,
    *,
    contact_id: Annotated[str | None, Query(max_length=40)] = None,
    text: Annotated[str | None, Query(max_length=200, description="In subject or number.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_number: Annotated[int | None, Query(ge=1)] = None,
) -> Page[CaseAnswer]:
    """Find cases.

    Newest first; `before_number` is the last number of the page before.
    """
    found = await parts.service.case_reader.list(
        who.org_id,
        status=status.value if status else None,
        owner_id=who.user_id if owner == "me" else owner,
        contact_id=contact_id,
        text=text or None,
        limit=limit,
        before_number=before_number,
    )
    names = await _names(request).of(who.org_id)
    contacts = await _contact_names(parts, who.org_id, found)
    return Page(
        items=[
            CaseAnswer.of(one, owner=names.get(one.owner_id, ""), contact=contacts.get(one.contact_id, ""))
            for one in found
        ]
    )


async def read_case(case_id: str, request: Request, parts: Parts, who: Agent) -> CaseDetail:
    """Read a case.

    With its contact and its timeline: events and conversations with their transcripts, oldest first.
    """
    found = await parts.service.case_reader.timeline(who.org_id, case_id, limit=TIMELINE)
    contact = await _contact(parts, who.org_id, found.case.contact_id)
    names = await _names(request).of(who.org_id)
    return CaseDetail(
        case=CaseAnswer.of(
            found.case, owner=names.get(found.case.owner_id, ""), contact=contact.name if contact else ""
        ),
        contact=ContactAnswer.of(contact) if contact else None,
        conversations=[
            ConversationBrief(interaction=InteractionAnswer.of(one.interaction)) for one in found.conversations
        ],
        timeline=_lines(found, names),
    )


async def open_case(body: NewCase, parts: Parts, who: Agent) -> CaseAnswer:
    """Open a case for a conversation.

    A conversation has at most one case: if there is one, it is the answer.
    """
    await parts.conversations.get(who.org_id, body.interaction_id)
    case = await parts.service.cases.open_by_hand(
        who.org_id, body.interaction_id, subject=body.subject, actor_id=who.user_id
    )
    parts.floor.case_opened(who.org_id, body.interaction_id)
    return await named_case(parts, case, None)


async def change_case(case_id: str, body: CaseChange, parts: Parts, who: Agent) -> CaseAnswer:
    """Change a case.

    `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version`.
    """
    changes = body.model_dump(exclude={"version"}, exclude_none=True)
    if body.owner_id:
        await parts.users.get(who.org_id, body.owner_id)
    if not changes:
        raise InvalidInput("Nothing to change.")
    case = await parts.service.cases.change(
        who.org_id, case_id, version=body.version, changes=changes, actor_id=who.user_id
    )
    parts.floor.case_changed(case)
    return await named_case(parts, case, None)


async def comment_on_case(case_id: str, body: NewComment, parts: Parts, who: Agent) -> CaseEventAnswer:
    """Comment on a case.

    Internal. The same `client_id` is the same comment.
    """
    await parts.service.case_reader.get(who.org_id, case_id)
    event = await parts.service.cases.comment(
        who.org_id, case_id, body=body.body, actor_id=who.user_id, client_id=body.client_id
    )
    return CaseEventAnswer.of(event, actor=who.name)


async def named_case(parts: ApiParts, case: Case, contact: Contact | None) -> CaseAnswer:
    """Build a case with the names of owner and contact."""
    contact = contact or await _contact(parts, case.org_id, case.contact_id)
    owner = ""
    if case.owner_id:
        try:
            owner = (await parts.users.get(case.org_id, case.owner_id)).name
        except NotFound:
            owner = ""
    return CaseAnswer.of(case, owner=owner, contact=contact.name if contact else "")


def _names(request: Request) -> Names:
    names: Names = request.app.state.names
    return names


async def _contact(parts: ApiParts, org_id: str, contact_id: str) -> Contact | None:
    try:
        return await parts.service.customers.get(org_id, contact_id) if contact_id else None
    except NotFound:
        return None


async def _contact_names(parts: ApiParts, org_id: str, cases: Sequence[Case]) -> dict[str, str]:
    wanted = sorted({one.contact_id for one in cases})
    found = await asyncio.gather(*(_contact(parts, org_id, one) for one in wanted))
    return {one.id: one.name for one in found if one is not None}


def _lines(found: CaseTimeline, names: Mapping[str, str]) -> list[EventLine | InteractionLine]:
    lines: list[EventLine | InteractionLine] = []
    for event in found.events:
        answer = CaseEventAnswer.of(event, actor=names.get(event.actor_id, ""))
        lines.append(EventLine(at=answer.at, event=answer))
    for one in found.conversations:
        interaction = InteractionAnswer.of(one.interaction)
        entries = [EntryAnswer.of(entry) for entry in one.entries]
        lines.append(InteractionLine(at=interaction.opened_at, interaction=interaction, entries=entries))
    return sorted(lines, key=lambda line: line.at)


OPERATIONS = (
    Operation(method="GET", path="/cases", handler=list_cases, tag=TAG),
    Operation(method="POST", path="/cases", handler=open_case, tag=TAG, status=201, errors=("unknown-interaction",)),
    Operation(method="GET", path="/cases/{case_id}", handler=read_case, tag=TAG, errors=("unknown-case",)),
    Operation(
        method="PATCH",
        path="/cases/{case_id}",
        handler=change_case,
        tag=TAG,
        errors=("unknown-case", "stale-version", "illegal-status"),
    ),
    Operation(
        method="POST",
        path="/cases/{case_id}/comments",
        handler=comment_on_case,
        tag=TAG,
        status=201,
        errors=("unknown-case",),
    ),
)
