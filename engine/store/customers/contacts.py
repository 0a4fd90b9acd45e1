"""Contacts and what they had with us."""

from __future__ import annotations

from sqlalchemy import select

from engine.errors import NotFound
from engine.model.conversation import Interaction
from engine.model.customer import Contact
from engine.store.access import Access
from engine.store.customers.tables import contacts
from engine.store.rows import contact_of, interaction_of
from engine.store.search import containing
from engine.store.tables import interactions

Contacts = list[Contact]
Interactions = list[Interaction]


class Customers:
    """Find contacts."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, contact_id: str) -> Contact:
        """Return a contact; raise NotFound."""
        query = select(contacts).where(contacts.c.id == contact_id, contacts.c.org_id == org_id)
        row = await self._access.read(lambda conn: conn.execute(query).first())
        if row is None:
            raise NotFound(f"there is no contact {contact_id}", slug="unknown-contact")
        return contact_of(row)

    async def list(self, org_id: str, text: str = "", limit: int = 100) -> Contacts:
        """Return contacts whose name or address contains ``text``, newest first."""
        query = select(contacts).where(contacts.c.org_id == org_id)
        if text:
            query = query.where(containing(contacts.c.search, text))
        query = query.order_by(contacts.c.id.desc()).limit(limit)
        return await self._access.read(lambda conn: [contact_of(row) for row in conn.execute(query)])

    async def interactions(self, org_id: str, contact_id: str, limit: int = 100) -> Interactions:
        """Return a contact's interactions, newest first."""
        query = (
            select(interactions)
            .where(interactions.c.org_id == org_id, interactions.c.contact_id == contact_id)
            .order_by(interactions.c.id.desc())
            .limit(limit)
        )
        return await self._access.read(lambda conn: [interaction_of(row) for row in conn.execute(query)])
