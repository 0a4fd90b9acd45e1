"""The 360 degree view of a customer."""

from typing import Annotated, Protocol

from fastapi import Query, Request

from engine.api.access import Agent, Parts
from engine.api.names import Names
from engine.api.operation import Operation
from engine.api.pace import Pace
from engine.api.schemas.model import Page
from engine.api.schemas.views import AccountViewAnswer, ContactViewAnswer, TimelineAnswer
from engine.api.sight import sight_of

TAG = "Customers at a glance"

Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[str, Query(max_length=40, description="Id of the last conversation of the page before.")]


class State(Protocol):
    """What the application keeps beside its parts."""

    names: Names


async def view_contact(contact_id: str, request: Request, parts: Parts, who: Agent) -> ContactViewAnswer:
    """Read everything about a contact.

    Addresses, accounts present and past, cases, conversations on all channels, entitlements, assets, orders, contracts,
    leads, the account's team, activities: as they are at one moment.
    """
    found = await parts.service.view.contact(who.org_id, contact_id, sight=sight_of(parts, who))
    state: State = request.app.state
    return ContactViewAnswer.of(found, await state.names.of(who.org_id), parts.clock.now_ms())


async def view_account(account_id: str, request: Request, parts: Parts, who: Agent) -> AccountViewAnswer:
    """Read everything about an account.

    As of a contact, with the accounts above and beneath it. The timeline is of what its contacts said, of the newest
    200 of them.
    """
    found = await parts.service.view.account(who.org_id, account_id, sight=sight_of(parts, who))
    state: State = request.app.state
    return AccountViewAnswer.of(found, await state.names.of(who.org_id), parts.clock.now_ms())


async def read_contact_timeline(
    contact_id: str, parts: Parts, who: Agent, before_id: Before = "", limit: Limit = 50
) -> Page[TimelineAnswer]:
    """Read a contact's conversations on all channels.

    Newest first.
    """
    found = await parts.service.view.timeline(
        who.org_id, "contact_id", contact_id, before_id=before_id, limit=limit, sight=sight_of(parts, who)
    )
    return Page(items=[TimelineAnswer.of(one) for one in found])


async def read_account_timeline(
    account_id: str, parts: Parts, who: Agent, before_id: Before = "", limit: Limit = 50
) -> Page[TimelineAnswer]:
    """Read the conversations of an account's contacts on all channels.

    Newest first.
    """
    found = await parts.service.view.timeline(
        who.org_id, "account_id", account_id, before_id=before_id, limit=limit, sight=sight_of(parts, who)
    )
    return Page(items=[TimelineAnswer.of(one) for one in found])


OPERATIONS = (
    Operation(
        method="GET",
        path="/contacts/{contact_id}/view",
        handler=view_contact,
        tag=TAG,
        pace=Pace.VIEW,
        errors=("unknown-contact",),
    ),
    Operation(
        method="GET", path="/contacts/{contact_id}/timeline", handler=read_contact_timeline, tag=TAG, pace=Pace.VIEW
    ),
    Operation(
        method="GET",
        path="/accounts/{account_id}/view",
        handler=view_account,
        tag=TAG,
        pace=Pace.VIEW,
        errors=("unknown-account",),
    ),
    Operation(
        method="GET", path="/accounts/{account_id}/timeline", handler=read_account_timeline, tag=TAG, pace=Pace.VIEW
    ),
)
