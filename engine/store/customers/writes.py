"""The writes on customers that several transactions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import Conflict, Unavailable
from engine.ids import NewId
from engine.model.conversation import Arrival
from engine.model.customer import EMAIL, PHONE, Address, Contact, email_key
from engine.model.naming import person_key
from engine.store.customers.tables import contact_addresses, contacts
from engine.store.direct import first
from engine.store.json_text import dump
from engine.store.rows import contact_of
from engine.store.upsert import insert, insert_once

TRIES = 3

# The share lock keeps a merge from moving the address until what is written for its contact is committed.
_HOLDER: Select[Any] = (
    select(contacts)
    .join(contact_addresses, contact_addresses.c.contact_id == contacts.c.id)
    .where(
        contact_addresses.c.org_id == bindparam("org"),
        contact_addresses.c.channel == bindparam("on"),
        contact_addresses.c.key == bindparam("key"),
    )
    .with_for_update(read=True, of=contact_addresses)
)


def row_of_contact(contact: Contact) -> dict[str, object]:
    """Write a contact as a row."""
    return {
        "id": contact.id,
        "org_id": contact.org_id,
        "name": contact.name,
        "name_key": person_key(contact.name),
        "email": contact.email,
        "language": contact.language,
        "search": search_text(contact),
        "created_ms": contact.created_ms,
        "time_zone": contact.time_zone,
        "tier": contact.tier,
        "title": contact.title,
        "notes": contact.notes,
        "owner_id": contact.owner_id,
        "fields": dump(contact.fields),
        "merged_into": contact.merged_into,
        "version": contact.version,
        "updated_ms": contact.updated_ms,
    }


def search_text(contact: Contact, keys: Sequence[str] = ()) -> str:
    """Return what a search for a contact looks through: name, main address, keys of the others."""
    main = email_key(contact.email)
    return " ".join([contact.name.casefold(), main, *(one for one in keys if one != main)]).strip()


def row_of_address(address: Address) -> dict[str, object]:
    """Write an address as a row."""
    return {
        "id": address.id,
        "org_id": address.org_id,
        "contact_id": address.contact_id,
        "channel": address.channel,
        "value": address.value,
        "key": address.key,
        "label": address.label,
        "verified_ms": address.verified_ms,
        "created_ms": address.created_ms,
    }


def keep_address(conn: Connection, address: Address) -> bool:
    """Insert an address unless somebody has it; say whether it was inserted."""
    return insert_once(conn, contact_addresses, row_of_address(address))


def taken(conn: Connection, address: Address) -> Conflict:
    """Return the refusal of an address that another contact has."""
    holder = holder_of(conn, address.org_id, address.channel, address.key)
    who = {"contact_id": holder.id, "contact_name": holder.name} if holder is not None else {}
    return Conflict("another contact has this address", slug="address-taken", address=address.value, **who)


def holder_of(conn: Connection, org_id: str, channel: str, key: str) -> Contact | None:
    """Return the contact who has an address; it stays his until the transaction ends."""
    row = first(conn, _HOLDER, {"org": org_id, "on": channel, "key": key})
    return None if row is None else contact_of(row)


def known_or_kept(conn: Connection, contact: Contact, *, channel: str, value: str, key: str) -> tuple[Contact, bool]:
    """Return the contact who has an address, and False; else keep ``contact`` with it, and True.

    However many do so at once, one is kept: the address is unique, and comes first. Its row has the contact's own id.
    """
    address = Address(
        id=contact.id,
        org_id=contact.org_id,
        contact_id=contact.id,
        channel=channel,
        value=value,
        key=key,
        created_ms=contact.created_ms,
    )
    for _ in range(TRIES):
        if keep_address(conn, address):
            insert(conn, contacts, row_of_contact(contact))
            return contact, True
        holder = holder_of(conn, contact.org_id, channel, key)
        if holder is not None:
            return holder, False
        # A merge moved the address, or somebody removed it, between the two statements.
    raise Unavailable("whose the address is changes too fast", slug="store-busy")


def arriving_contact(conn: Connection, arrival: Arrival, *, new_id: NewId, now_ms: int) -> tuple[Contact, bool]:
    """Return who arrives, and whether his row is there.

    Only an e-mail address, else a telephone number of a form, makes somebody known. Of a contact who is known nothing
    is changed: anybody may write an address that is not his.
    """
    seed = arrival.seed
    contact = Contact(
        id=new_id(),
        org_id=arrival.org_id,
        name=arrival.name.strip(),
        email=arrival.email.strip(),
        language=arrival.locale,
        created_ms=now_ms,
        fields=seed.contact_fields if seed else {},
    )
    phone_key = seed.phone_key if seed else ""
    if contact.email:
        email = email_key(contact.email)
        kept, new = known_or_kept(conn, contact, channel=EMAIL, value=contact.email, key=email)
        if new and phone_key:
            keep_address(conn, _phone(kept, arrival.phone, phone_key, address_id=new_id()))  # unless it is another's
        return kept, True
    if phone_key:
        return known_or_kept(conn, contact, channel=PHONE, value=arrival.phone.strip(), key=phone_key)[0], True
    return contact, False


def _phone(contact: Contact, value: str, key: str, *, address_id: str) -> Address:
    return Address(
        id=address_id,
        org_id=contact.org_id,
        contact_id=contact.id,
        channel=PHONE,
        value=value.strip(),
        key=key,
        created_ms=contact.created_ms,
    )
