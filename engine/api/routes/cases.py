"""Cases: find, read, open, change."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Query, Request

from engine.api.access import Agent, Parts
from engine.api.milestones import milestones_of
from engine.api.names import Names
from engine.api.operation import Operation
from engine.api.pace import Pace
from engine.api.parts import ApiParts
from engine.api.schemas.case_filters import CasePageAnswer, CaseQuery, filter_of, place_of, written
from engine.api.schemas.cases import (
    CaseAnswer,
    CaseChange,
    CaseDetail,
    CaseEventAnswer,
    ConversationBrief,
    EventLine,
    InteractionLine,
    NewCase,
)
from engine.api.schemas.model import Page
from engine.api.schemas.transcript import ContactAnswer, EntryAnswer, InteractionAnswer
from engine.api.sight import sight_of, viewer_of
from engine.cases.changes import Wish
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model import case as nouns
from engine.model.case import Case
from engine.model.case_list import CaseOrder
from engine.model.customer import Contact
from engine.model.record import CaseTimeline
from engine.model.saved_view import ViewNoun
from engine.model.user import Principal

TAG = "Cases"
TIMELINE = 500
Limit = Annotated[int, Query(ge=1, le=200)]
BY_HAND = "manual"
"""The origin of a case that was opened by hand."""


async def list_cases(
    request: Request, parts: Parts, who: Agent, asked: Annotated[CaseQuery, Query()]
) -> CasePageAnswer:
    """Find cases.

    Newest first, or in another `order`. By `updated`, `untouched`, `priority` and `due` only cases that are not over
    are found, unless `open`, `status`, `kind` or a `closed_` time asks for others; by `due` only those of which a
    milestone runs. A page may be short, even empty, where few of very many cases fit: `next` says where to look on, and
    the list is through when it is empty.
    """
    viewer = viewer_of(parts, who)
    said, order = asked.said(), asked.order
    if asked.view:
        view = await parts.service.views.get(who.org_id, asked.view, viewer)
        if view.noun is not ViewNoun.CASE:
            raise InvalidInput(f"That view lists {view.noun.value}s.", field="view")
        said, order = {**view.filter, **said}, order or CaseOrder(view.order or CaseOrder.NEWEST)
    page = await parts.service.lists.page(
        who.org_id,
        filter_of(said),
        viewer,
        order=order or CaseOrder.NEWEST,
        limit=asked.limit,
        after=place_of(asked),
        sight=sight_of(parts, who),
    )
    return CasePageAnswer(items=await named_cases(request, parts, who.org_id, page.cases), next=written(page.next))


async def named_cases(request: Request, parts: ApiParts, org_id: str, found: Sequence[Case]) -> list[CaseAnswer]:
    """Build cases with the names of owners and contacts."""
    names = await _names(request).of(org_id)
    contacts = await parts.service.customers.names(org_id, sorted({one.contact_id for one in found} - {""}))
    clocks = await milestones_of(parts, org_id, [one.id for one in found], outstanding=True)
    return [
        CaseAnswer.of(
            one,
            owner=names.get(one.owner_id, ""),
            contact=contacts.get(one.contact_id, ""),
            milestones=clocks.get(one.id, ()),
        )
        for one in found
    ]


async def read_case(case_id: str, request: Request, parts: Parts, who: Agent) -> CaseDetail:
    """Read a case.

    With its contact and its timeline: events and conversations with their transcripts, oldest first.
    """
    found = await parts.service.case_reader.timeline(who.org_id, case_id, limit=TIMELINE)
    contact = await _contact(parts, who.org_id, found.case.contact_id)
    names = await _names(request).of(who.org_id)
    clocks = await milestones_of(parts, who.org_id, [found.case.id])
    return CaseDetail(
        case=CaseAnswer.of(
            found.case,
            owner=names.get(found.case.owner_id, ""),
            contact=contact.name if contact else "",
            milestones=clocks.get(found.case.id, ()),
        ),
        contact=ContactAnswer.of(contact) if contact else None,
        conversations=[
            ConversationBrief(interaction=InteractionAnswer.of(one.interaction)) for one in found.conversations
        ],
        timeline=_lines(found, names),
    )


async def list_case_history(
    case_id: str,
    request: Request,
    parts: Parts,
    who: Agent,
    *,
    after_number: Annotated[int, Query(ge=0, description="The last line of the page before.")] = 0,
    limit: Limit = 100,
) -> Page[CaseEventAnswer]:
    """Read the history of a case.

    Who changed which field when, from what to what, and why; oldest first.
    """
    await parts.service.case_reader.get(who.org_id, case_id)
    found = await parts.service.case_reader.events(who.org_id, case_id, after_number=after_number, limit=limit)
    names = await _names(request).of(who.org_id)
    return Page(items=[CaseEventAnswer.of(one, actor=names.get(one.actor_id, "")) for one in found])


async def open_case(body: NewCase, parts: Parts, who: Agent) -> CaseAnswer:
    """Open a case.

    For a conversation (`interaction_id`), which has at most one case: if there is one, it is the answer. Or by itself,
    for a contact or an account; the same `client_id` is the same case.
    """
    if body.interaction_id:
        await parts.conversations.get(who.org_id, body.interaction_id)
        case = await parts.service.cases.open_by_hand(
            who.org_id, body.interaction_id, subject=body.subject, actor_id=who.user_id
        )
        parts.floor.case_opened(who.org_id, body.interaction_id)
    else:
        case = await parts.service.cases.open_alone(_new_case(body, who), actor_id=who.user_id)
    return await named_case(parts, case, None)


def _new_case(body: NewCase, who: Principal) -> nouns.NewCase:
    given = body.model_dump(exclude={"interaction_id", "client_id", "tags"})
    key = f"{who.user_id}:{body.client_id}" if body.client_id else ""
    return nouns.NewCase(org_id=who.org_id, request_key=key, origin=BY_HAND, tags=tuple(body.tags), **given)


async def change_case(case_id: str, body: CaseChange, parts: Parts, who: Agent) -> CaseAnswer:
    """Change a case.

    `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version` with the
    present `case`, and nothing is written.
    """
    changes = body.model_dump(exclude={"version", "why"}, exclude_none=True)
    if not changes:
        raise InvalidInput("Nothing to change.")
    wish = Wish(changes=changes, version=body.version, why=body.why)
    try:
        case = await parts.service.cases.change(who.org_id, case_id, wish, actor_id=who.user_id)
    except Conflict as refused:
        present = refused.fields.get("case")
        if isinstance(present, Case):
            refused.fields["case"] = (await named_case(parts, present, None)).model_dump()
        raise
    parts.floor.case_changed(case)
    return await named_case(parts, case, None)


async def named_case(parts: ApiParts, case: Case, contact: Contact | None) -> CaseAnswer:
    """Build a case with the names of owner and contact."""
    contact = contact or await _contact(parts, case.org_id, case.contact_id)
    owner = ""
    if case.owner_id:
        try:
            owner = (await parts.users.get(case.org_id, case.owner_id)).name
        except NotFound:
            owner = ""
    clocks = await milestones_of(parts, case.org_id, [case.id])
    return CaseAnswer.of(case, owner=owner, contact=contact.name if contact else "", milestones=clocks.get(case.id, ()))


def _names(request: Request) -> Names:
    names: Names = request.app.state.names
    return names


async def _contact(parts: ApiParts, org_id: str, contact_id: str) -> Contact | None:
    try:
        return await parts.service.customers.get(org_id, contact_id) if contact_id else None
    except NotFound:
        return None


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


REFERRED = ("unknown-contact", "unknown-account", "unknown-user", "unknown-case", "case-circle")
"""What a case may refer to in vain."""

OPERATIONS = (
    Operation(method="GET", path="/cases", handler=list_cases, tag=TAG, errors=("unknown-view",), pace=Pace.LIST),
    Operation(
        method="POST",
        path="/cases",
        handler=open_case,
        tag=TAG,
        status=201,
        errors=("unknown-interaction", *REFERRED),
    ),
    Operation(method="GET", path="/cases/{case_id}", handler=read_case, tag=TAG, errors=("unknown-case",)),
    Operation(
        method="PATCH",
        path="/cases/{case_id}",
        handler=change_case,
        tag=TAG,
        errors=("stale-version", "illegal-status", *REFERRED),
    ),
    Operation(
        method="GET", path="/cases/{case_id}/history", handler=list_case_history, tag=TAG, errors=("unknown-case",)
    ),
)
