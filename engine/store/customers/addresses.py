"""Addresses of contacts: added, verified, removed. Each is one contact's only, whoever writes first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select

from engine.errors import Conflict, NotFound
from engine.model.customer import EMAIL, Address, Contact, email_key
from engine.store.access import Access
from engine.store.customers.contacts import keep_or_refuse, locked_contact, write_contact
from engine.store.customers.rows import address_of
from engine.store.customers.tables import contact_addresses
from engine.store.direct import every
from engine.store.upsert import change

AddressList = list[Address]

MOST_ADDRESSES = 100
"""Addresses of one contact."""

_OF_CONTACT: Select[Any] = (
    select(contact_addresses)
    .where(contact_addresses.c.contact_id == bindparam("id"), contact_addresses.c.org_id == bindparam("org"))
    .order_by(contact_addresses.c.created_ms, contact_addresses.c.id)
)


class Addresses:
    """Keep the addresses of contacts."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def of_contact(self, org_id: str, contact_id: str) -> AddressList:
        """Return a contact's addresses, oldest first."""
        return await self._access.look(lambda conn: _all(conn, org_id, contact_id))

    async def add(self, address: Address, *, now_ms: int) -> Address:
        """Add an address; one that the contact has already is returned as it is.

        A first e-mail address becomes the main one. Raises NotFound, Conflict: ``merged``, ``address-taken`` (with
        who has it), ``too-many``.
        """
        return await self._access.write(address.org_id, lambda conn: _add(conn, address, now_ms))

    async def change(
        self, org_id: str, contact_id: str, address_id: str, *, label: str | None, verified: bool | None, now_ms: int
    ) -> Address:
        """Set the label, and whether it is verified; raise NotFound, Conflict(merged)."""
        return await self._access.write(
            org_id,
            lambda conn: _change(conn, (org_id, contact_id, address_id), label=label, verified=verified, now_ms=now_ms),
        )

    async def remove(self, org_id: str, contact_id: str, address_id: str, *, now_ms: int) -> None:
        """Remove an address; the main one is followed by the oldest other e-mail address. Raises NotFound."""
        await self._access.write(org_id, lambda conn: _remove(conn, (org_id, contact_id, address_id), now_ms))


def _all(conn: Connection, org_id: str, contact_id: str) -> AddressList:
    return [address_of(row) for row in every(conn, _OF_CONTACT, {"org": org_id, "id": contact_id})]


def _add(conn: Connection, address: Address, now_ms: int) -> Address:
    contact = locked_contact(conn, address.org_id, address.contact_id)
    there = _all(conn, address.org_id, address.contact_id)
    same = next((one for one in there if (one.channel, one.key) == (address.channel, address.key)), None)
    if same is not None:
        return same
    if len(there) >= MOST_ADDRESSES:
        raise Conflict(f"a contact has at most {MOST_ADDRESSES} addresses", slug="too-many")
    keep_or_refuse(conn, address)
    is_first = address.channel == EMAIL and not contact.email
    write_contact(conn, contact, replace(contact, email=address.value) if is_first else contact, now_ms)
    return address


def _found(conn: Connection, where: tuple[str, str, str]) -> tuple[Contact, Address, AddressList]:
    """Return the contact, locked, the address, and all of them; raise NotFound, Conflict(merged)."""
    contact = locked_contact(conn, where[0], where[1])
    there = _all(conn, where[0], where[1])
    found = next((one for one in there if one.id == where[2]), None)
    if found is None:
        raise NotFound(f"the contact has no address {where[2]}", slug="unknown-address")
    return contact, found, there


def _change(
    conn: Connection, where: tuple[str, str, str], *, label: str | None, verified: bool | None, now_ms: int
) -> Address:
    _, before, _ = _found(conn, where)
    after = before if label is None else replace(before, label=label)
    if verified is not None and verified is not bool(before.verified_ms):
        after = replace(after, verified_ms=now_ms if verified else 0)
    values = {"label": after.label, "verified_ms": after.verified_ms}
    change(conn, contact_addresses, {"id": before.id}, values)
    return after


def _remove(conn: Connection, where: tuple[str, str, str], now_ms: int) -> None:
    contact, gone, there = _found(conn, where)
    conn.execute(delete(contact_addresses).where(contact_addresses.c.id == gone.id))
    main = contact.email
    if gone.channel == EMAIL and gone.key == email_key(main):
        main = next((one.value for one in there if one.channel == EMAIL and one.id != gone.id), "")
    write_contact(conn, contact, replace(contact, email=main), now_ms)
