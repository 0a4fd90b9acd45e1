"""Addresses of customers that mail does not arrive at, or whose owners called it abuse; taking that back."""

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.users import write_audit
from engine.api.schemas.model import Page
from engine.api.schemas.outgoing_mail import DoubtfulAddress
from engine.errors import NotFound
from engine.model.customer import EMAIL, Address
from engine.model.user import Principal

TAG = "E-mail"


async def list_doubtful_addresses(contact_id: str, parts: Parts, who: Agent) -> Page[DoubtfulAddress]:
    """Read which addresses of a contact are doubtful.

    Those that mail comes back from for good, and those whose owner called mail of ours abuse. Who writes to one is
    warned, and no machine does.
    """
    emails = [one.value for one in await _addresses(parts, who, contact_id)]
    found = await parts.service.writing.doubtful(who.org_id, emails)
    return Page(items=[DoubtfulAddress.of(one) for one in found])


async def trust_address(contact_id: str, address_id: str, parts: Parts, who: Agent) -> None:
    """Trust an address again.

    What bounced there is forgotten, and that its owner called mail of ours abuse: somebody knows better, such as by
    asking him. Bounces are over by themselves once he writes from there. Idempotent.
    """
    found = next((one for one in await _addresses(parts, who, contact_id) if one.id == address_id), None)
    if found is None:
        raise NotFound(f"the contact has no e-mail address {address_id}", slug="unknown-address")
    await parts.service.writing.trust(who.org_id, found.value)
    await write_audit(parts, who, "address.trusted", contact_id, {"email": found.value})


async def _addresses(parts: ApiParts, who: Principal, contact_id: str) -> list[Address]:
    """Return the e-mail addresses of a contact; raise NotFound."""
    contact = await parts.service.contacts.get(who.org_id, contact_id)
    found = await parts.service.contacts.addresses(who.org_id, contact.id)
    return [one for one in found if one.channel == EMAIL]


OPERATIONS = (
    Operation(
        method="GET",
        path="/contacts/{contact_id}/doubtful-addresses",
        handler=list_doubtful_addresses,
        tag=TAG,
        errors=("unknown-contact",),
    ),
    Operation(
        method="DELETE",
        path="/contacts/{contact_id}/addresses/{address_id}/doubt",
        handler=trust_address,
        tag=TAG,
        status=204,
        errors=("unknown-contact", "unknown-address"),
    ),
)
