"""Contacts: the persons who write; their addresses, and who is likely the same."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.owners import check_owner
from engine.api.pace import Pace
from engine.api.parts import ApiParts
from engine.api.schemas.customers import (
    AddressAnswer,
    AddressChange,
    AddressRequest,
    ContactChange,
    ContactCheck,
    ContactDetail,
    ContactProfile,
    ContactWritten,
    DuplicateAnswer,
    NewContact,
)
from engine.api.schemas.model import Page
from engine.api.schemas.transcript import ContactAnswer, InteractionAnswer
from engine.api.sight import seen, sight_of
from engine.errors import Conflict, InvalidInput
from engine.model.customer import EMAIL, Address, Contact, Duplicate, email_key
from engine.model.visibility import Guarded

TAG = "Contacts"
LAST_INTERACTIONS = 50


async def list_contacts(
    parts: Parts,
    who: Agent,
    text: Annotated[str, Query(max_length=200, description="In name or address; see below.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    *,
    owner_id: Annotated[str, Query(max_length=40, description="Only those whom this user looks after.")] = "",
    before_id: Annotated[str, Query(max_length=40, description="The last one of the page before.")] = "",
) -> Page[ContactAnswer]:
    """Find contacts.

    Newest first; those who were merged into others are left out. `text` is looked for in the 20,000 newest, anywhere in
    name or address; older ones are found by whole words and how they begin, the 500 newest of them.
    """
    found = await parts.service.contacts.list(
        who.org_id, text, limit, owner_id=owner_id, before_id=before_id, sight=sight_of(parts, who)
    )
    return Page(items=[ContactAnswer.of(one) for one in found])


async def create_contact(body: NewContact, parts: Parts, who: Agent) -> ContactWritten:
    """Keep a contact.

    Nobody else may have one of the addresses: then the answer is 409 `address-taken`, with `contact_id`. Who is likely
    the same is told in `duplicates`.
    """
    await check_owner(parts, who.org_id, body.owner_id)
    values = body.model_dump(exclude={"addresses"})
    contact, found = await parts.service.contacts.create(
        who.org_id, values=values, addresses=[one.new() for one in body.addresses]
    )
    return await _written(parts, contact, await seen(parts, who, Guarded.CONTACT, found))


async def read_contact(contact_id: str, parts: Parts, who: Agent) -> ContactDetail:
    """Read a contact.

    With addresses and the latest conversations, newest first. For a contact that was merged, this is the one it was
    merged into; its `id` tells.
    """
    contact = await parts.service.contacts.get(who.org_id, contact_id)
    interactions = await parts.service.contacts.interactions(
        who.org_id, contact.id, LAST_INTERACTIONS, sight=sight_of(parts, who)
    )
    return ContactDetail(
        contact=await _profile(parts, contact), interactions=[InteractionAnswer.of(one) for one in interactions]
    )


async def change_contact(contact_id: str, body: ContactChange, parts: Parts, who: Agent) -> ContactWritten:
    """Change a contact.

    `version` is the one the change is based on; if somebody was faster the answer is 409 `stale-version` with the
    present `version` and `contact`. One that was merged cannot be changed: 409 `merged`, with `merged_into`.
    """
    values = body.model_dump(exclude={"version"}, exclude_none=True)
    if not values:
        raise InvalidInput("Nothing to change.")
    await check_owner(parts, who.org_id, body.owner_id or "")
    try:
        contact, found = await parts.service.contacts.change(
            who.org_id, contact_id, version=body.version, values=values
        )
    except Conflict as refusal:
        if refusal.slug != "stale-version":
            raise
        present = await _profile(parts, await parts.service.contacts.get(who.org_id, contact_id))
        raise Conflict(
            refusal.detail, slug=refusal.slug, version=present.version, contact=present.model_dump()
        ) from refusal
    return await _written(parts, contact, await seen(parts, who, Guarded.CONTACT, found))


async def add_address(contact_id: str, body: AddressRequest, parts: Parts, who: Agent) -> AddressAnswer:
    """Add an address.

    One that the contact has already is answered as it is. A first e-mail address becomes the main one.
    """
    address = await parts.service.contacts.add_address(who.org_id, contact_id, body.new())
    return await _address(parts, address)


async def change_address(
    contact_id: str, address_id: str, body: AddressChange, parts: Parts, who: Agent
) -> AddressAnswer:
    """Change an address.

    Its label, and whether it is verified.
    """
    address = await parts.service.contacts.change_address(
        who.org_id, contact_id, address_id, label=body.label, verified=body.verified
    )
    return await _address(parts, address)


async def remove_address(contact_id: str, address_id: str, parts: Parts, who: Agent) -> None:
    """Remove an address.

    The main one is followed by the oldest other e-mail address.
    """
    await parts.service.contacts.remove_address(who.org_id, contact_id, address_id)


async def check_contact(body: ContactCheck, parts: Parts, who: Agent) -> Page[DuplicateAnswer]:
    """Find likely duplicates of somebody who is not kept yet.

    Likeliest first; `certain` ones have the same address.
    """
    found = await parts.service.contacts.check(
        who.org_id,
        name=body.name,
        addresses=[one.new() for one in body.addresses],
        account_id=body.account_id,
    )
    return Page(items=[DuplicateAnswer.of(one) for one in await seen(parts, who, Guarded.CONTACT, found)])


async def list_contact_duplicates(contact_id: str, parts: Parts, who: Agent) -> Page[DuplicateAnswer]:
    """Find likely duplicates of a contact.

    Likeliest first, at most 20.
    """
    contact = await parts.service.contacts.get(who.org_id, contact_id)
    found = await parts.service.contacts.duplicates_of(who.org_id, contact.id)
    return Page(items=[DuplicateAnswer.of(one) for one in await seen(parts, who, Guarded.CONTACT, found)])


def _is_main(contact: Contact, address: Address) -> bool:
    return address.channel == EMAIL and address.key == email_key(contact.email)


async def _profile(parts: ApiParts, contact: Contact) -> ContactProfile:
    addresses = await parts.service.contacts.addresses(contact.org_id, contact.id)
    return ContactProfile.whole(contact, [AddressAnswer.of(one, main=_is_main(contact, one)) for one in addresses])


async def _written(parts: ApiParts, contact: Contact, found: Sequence[Duplicate]) -> ContactWritten:
    return ContactWritten(contact=await _profile(parts, contact), duplicates=[DuplicateAnswer.of(one) for one in found])


async def _address(parts: ApiParts, address: Address) -> AddressAnswer:
    contact = await parts.service.contacts.get(address.org_id, address.contact_id)
    return AddressAnswer.of(address, main=_is_main(contact, address))


_ONE = "/contacts/{contact_id}"
_WRITE = ("unknown-contact", "merged")

OPERATIONS = (
    Operation(method="GET", path="/contacts", handler=list_contacts, tag=TAG, pace=Pace.LIST),
    Operation(
        method="POST",
        path="/contacts",
        handler=create_contact,
        tag=TAG,
        status=201,
        errors=("unknown-user", "address-taken"),
    ),
    Operation(method="POST", path="/contacts/check", handler=check_contact, tag=TAG),
    Operation(method="GET", path=_ONE, handler=read_contact, tag=TAG, errors=("unknown-contact",)),
    Operation(
        method="PATCH",
        path=_ONE,
        handler=change_contact,
        tag=TAG,
        errors=(*_WRITE, "unknown-user", "stale-version", "address-taken"),
    ),
    Operation(
        method="GET", path=f"{_ONE}/duplicates", handler=list_contact_duplicates, tag=TAG, errors=("unknown-contact",)
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/addresses",
        handler=add_address,
        tag=TAG,
        status=201,
        errors=(*_WRITE, "address-taken", "too-many"),
    ),
    Operation(
        method="PATCH",
        path=f"{_ONE}/addresses/{{address_id}}",
        handler=change_address,
        tag=TAG,
        errors=(*_WRITE, "unknown-address"),
    ),
    Operation(
        method="DELETE",
        path=f"{_ONE}/addresses/{{address_id}}",
        handler=remove_address,
        tag=TAG,
        status=204,
        errors=(*_WRITE, "unknown-address"),
    ),
)
