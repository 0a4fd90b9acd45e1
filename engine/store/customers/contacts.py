"""Contacts: finding, reading, keeping, changing under a version; and what they had with us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import Conflict, NotFound
from engine.model.conversation import Interaction
from engine.model.customer import EMAIL, Address, Contact, email_key
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.sight import interactions_seen
from engine.store.customers.sight import contacts_seen, owned_by
from engine.store.customers.tables import contact_addresses, contacts
from engine.store.customers.whole import whole
from engine.store.customers.writes import (
    keep_address,
    row_of_contact,
    search_text,
    taken,
)
from engine.store.direct import every, first
from engine.store.rows import AnyRow, contact_of, interaction_of
from engine.store.search import Looked, newest_containing
from engine.store.tables import interactions
from engine.store.upsert import change, insert

Contacts = list[Contact]
Interactions = list[Interaction]

MOST_HOPS = 20
"""Merges that reading follows: who was merged may have been merged into somebody merged since."""

_CONTACT: Select[Any] = select(contacts).where(contacts.c.id == bindparam("id"), contacts.c.org_id == bindparam("org"))
_LOCKED = _CONTACT.with_for_update()
_KEYS: Select[Any] = (
    select(contact_addresses.c.channel, contact_addresses.c.key)
    .where(contact_addresses.c.contact_id == bindparam("id"), contact_addresses.c.org_id == bindparam("org"))
    .order_by(contact_addresses.c.id)
)


class Customers:
    """Find contacts, and keep them."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, contact_id: str) -> Contact:
        """Return a contact, or the one he was merged into; raise NotFound."""
        return await self._access.read(lambda conn: present(conn, org_id, contact_id))

    async def list(
        self,
        org_id: str,
        text: str = "",
        limit: int = 100,
        *,
        owner_id: str = "",
        before_id: str = "",
        named: Sequence[str] = (),
        sight: Sight = EVERYTHING,
    ) -> Contacts:
        """Return contacts whose name or address contains ``text``, newest first, ``before_id`` exclusive.

        ``owner_id``: only those that he looks after; "" = whoever does. Of a text, the newest are looked at, and those
        that are ``named``: see ``Looked``.
        """
        lane = [contacts.c.merged_into == ""]
        if owner_id:
            lane.append(owned_by(org_id, owner_id))
        seen = [] if sight.everything else [contacts_seen(org_id, sight)]
        if text:
            looked = Looked(
                table=contacts, org_id=org_id, text=text, lane=lane, fits=seen, named=named, before_id=before_id
            )
            return await self._access.read(
                lambda conn: [contact_of(row) for row in newest_containing(conn, looked, limit=limit)]
            )
        query = select(contacts).where(contacts.c.org_id == org_id, *lane, *seen)
        if before_id:
            query = query.where(contacts.c.id < before_id)
        query = query.order_by(contacts.c.id.desc()).limit(limit)
        return await self._access.read(lambda conn: [contact_of(row) for row in conn.execute(query)])

    async def names(self, org_id: str, contact_ids: Sequence[str]) -> dict[str, str]:
        """Return the names of contacts by id, of one who was merged that of who he is now."""
        return await self._access.read(lambda conn: _names(conn, org_id, contact_ids))

    async def interactions(
        self, org_id: str, contact_id: str, limit: int = 100, *, sight: Sight = EVERYTHING
    ) -> Interactions:
        """Return a contact's interactions, newest first."""
        query = (
            select(interactions).where(interactions.c.org_id == org_id).order_by(interactions.c.id.desc()).limit(limit)
        )
        if not sight.everything:
            query = query.where(interactions_seen(org_id, sight))

        def work(conn: Connection) -> Interactions:
            of = interactions.c.contact_id.in_(whole(conn, org_id, contact_id))
            return [interaction_of(row) for row in conn.execute(query.where(of))]

        return await self._access.read(work)

    async def create(self, contact: Contact, addresses: Sequence[Address]) -> Contact:
        """Keep a new contact with his addresses; raise Conflict(address-taken), which names who has one."""
        return await self._access.write(contact.org_id, lambda conn: _create(conn, contact, addresses))

    async def change(
        self,
        org_id: str,
        contact_id: str,
        *,
        version: int,
        changes: Mapping[str, object],
        address: Address | None,
        now_ms: int,
    ) -> Contact:
        """Set fields of a contact that is still at ``version``; what is the same already is left alone.

        ``address`` is that of a new main e-mail address; it becomes one of his. Raises NotFound, or Conflict:
        ``stale-version`` (with the present ``version``), ``merged``, ``address-taken``.
        """
        return await self._access.write(
            org_id,
            lambda conn: _change(
                conn, (org_id, contact_id), version=version, changes=changes, address=address, now_ms=now_ms
            ),
        )


def _names(conn: Connection, org_id: str, contact_ids: Sequence[str]) -> dict[str, str]:
    contact = contacts.c
    named = select(contact.id, contact.name, contact.merged_into).where(contact.org_id == org_id)
    found = conn.execute(named.where(contact.id.in_(list(contact_ids)))).all() if contact_ids else []
    return {row.id: present(conn, org_id, row.id).name if row.merged_into else row.name for row in found}


def present(conn: Connection, org_id: str, contact_id: str) -> Contact:
    """Return a contact, or the one he was merged into; raise NotFound."""
    wanted = contact_id
    for _ in range(MOST_HOPS):
        contact = contact_of(_there(first(conn, _CONTACT, {"org": org_id, "id": wanted}), wanted))
        if not contact.merged_into:
            return contact
        wanted = contact.merged_into
    raise NotFound(f"contact {contact_id} was merged too often", slug="unknown-contact")


def locked_contact(conn: Connection, org_id: str, contact_id: str) -> Contact:
    """Return a contact locked until the transaction ends; raise NotFound, Conflict(merged)."""
    contact = contact_of(_there(first(conn, _LOCKED, {"org": org_id, "id": contact_id}), contact_id))
    if contact.merged_into:
        raise Conflict("the contact was merged into another", slug="merged", merged_into=contact.merged_into)
    return contact


def keys_of(conn: Connection, contact: Contact) -> list[tuple[str, str]]:
    """Return channel and key of a contact's addresses, oldest first."""
    found = every(conn, _KEYS, {"org": contact.org_id, "id": contact.id})
    return [(row.channel, row.key) for row in found]


def write_contact(conn: Connection, before: Contact, contact: Contact, now_ms: int) -> Contact:
    """Write what differs between a locked contact and what he becomes; his version counts on."""
    after = replace(contact, version=before.version + 1, updated_ms=now_ms)
    old, new = row_of_contact(before), row_of_contact(after)
    new["search"] = search_text(after, [key for _, key in keys_of(conn, after)])
    changed = {name: value for name, value in new.items() if name == "search" or old[name] != value}
    change(conn, contacts, {"id": before.id}, changed)
    return after


def _there(row: AnyRow | None, contact_id: str) -> AnyRow:
    if row is None:
        raise NotFound(f"there is no contact {contact_id}", slug="unknown-contact")
    return row


def _create(conn: Connection, contact: Contact, addresses: Sequence[Address]) -> Contact:
    # In one order everywhere: two who create with the same addresses wait for each other only one way.
    for address in sorted(addresses, key=lambda one: (one.channel, one.key)):
        if not keep_address(conn, address):
            raise taken(conn, address)
    row = row_of_contact(contact)
    insert(conn, contacts, {**row, "search": search_text(contact, [one.key for one in addresses])})
    return contact


def _change(
    conn: Connection,
    where: tuple[str, str],
    *,
    version: int,
    changes: Mapping[str, object],
    address: Address | None,
    now_ms: int,
) -> Contact:
    before = locked_contact(conn, *where)
    if before.version != version:
        raise Conflict(
            f"the contact has version {before.version}, not {version}", slug="stale-version", version=before.version
        )
    values: dict[str, Any] = dict(changes)
    after = replace(before, **values)
    if after == before:
        return before
    if address is not None and (EMAIL, email_key(after.email)) not in keys_of(conn, before):
        keep_or_refuse(conn, address)
    return write_contact(conn, before, after, now_ms)


def keep_or_refuse(conn: Connection, address: Address) -> None:
    """Keep an address of a locked contact; raise Conflict(address-taken)."""
    if not keep_address(conn, address):
        raise taken(conn, address)
