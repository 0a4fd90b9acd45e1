"""Contacts: the persons who write."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.model import Page
from engine.api.schemas.transcript import ContactAnswer, ContactDetail, InteractionAnswer

TAG = "Contacts"
LAST_INTERACTIONS = 50


async def list_contacts(
    parts: Parts,
    who: Agent,
    text: Annotated[str, Query(max_length=200, description="In name or e-mail address.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ContactAnswer]:
    """Find contacts."""
    return Page(items=[ContactAnswer.of(one) for one in await parts.service.customers.list(who.org_id, text, limit)])


async def read_contact(contact_id: str, parts: Parts, who: Agent) -> ContactDetail:
    """Read a contact.

    With the latest conversations, newest first.
    """
    contact = await parts.service.customers.get(who.org_id, contact_id)
    interactions = await parts.service.customers.interactions(who.org_id, contact_id, LAST_INTERACTIONS)
    return ContactDetail(
        contact=ContactAnswer.of(contact), interactions=[InteractionAnswer.of(one) for one in interactions]
    )


OPERATIONS = (
    Operation(method="GET", path="/contacts", handler=list_contacts, tag=TAG),
    Operation(method="GET", path="/contacts/{contact_id}", handler=read_contact, tag=TAG, errors=("unknown-contact",)),
)
