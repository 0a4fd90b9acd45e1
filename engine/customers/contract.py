"""What the stage needs of the record: one Protocol per group, each method one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from engine.model.conversation import Interaction
from engine.model.customer import (
    Account,
    Address,
    CompanyTraits,
    Contact,
    Merge,
    PersonTraits,
    Relation,
    TeamMember,
    Tree,
)
from engine.model.organisation import Organisation
from engine.model.search import SearchKind
from engine.model.visibility import Sight


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Texts(Protocol):
    """Ask the search index."""

    async def newest(self, org_id: str, kind: SearchKind, text: str, *, sight: Sight, most: int) -> Sequence[str]:
        """Return the ids of the newest ``most`` of a kind in which the words of ``text`` are."""
        ...


MOST_NAMED = 500
"""Customers that the search index names for a text; the newest are looked at besides."""


class ContactRecord(Protocol):
    """Keep contacts."""

    async def get(self, org_id: str, contact_id: str) -> Contact:
        """Return a contact, or the one he was merged into; raise NotFound."""
        ...

    async def list(
        self,
        org_id: str,
        text: str,
        limit: int,
        *,
        owner_id: str,
        before_id: str,
        named: Sequence[str],
        sight: Sight,
    ) -> Sequence[Contact]:
        """Return contacts whose name or address contains ``text``, newest first; of one owner, "" = of any."""
        ...

    async def interactions(self, org_id: str, contact_id: str, limit: int, *, sight: Sight) -> Sequence[Interaction]:
        """Return a contact's conversations, newest first."""
        ...

    async def create(self, contact: Contact, addresses: Sequence[Address]) -> Contact:
        """Keep a new contact; raise Conflict(address-taken)."""
        ...

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
        """Set fields under a version; raise NotFound, Conflict."""
        ...


class AddressRecord(Protocol):
    """Keep the addresses of contacts."""

    async def of_contact(self, org_id: str, contact_id: str) -> Sequence[Address]:
        """Return a contact's addresses, oldest first."""
        ...

    async def add(self, address: Address, *, now_ms: int) -> Address:
        """Add an address; raise NotFound, Conflict."""
        ...

    async def change(
        self, org_id: str, contact_id: str, address_id: str, *, label: str | None, verified: bool | None, now_ms: int
    ) -> Address:
        """Set label and verification; raise NotFound, Conflict."""
        ...

    async def remove(self, org_id: str, contact_id: str, address_id: str, *, now_ms: int) -> None:
        """Remove an address; raise NotFound, Conflict."""
        ...


class DuplicateRecord(Protocol):
    """Find who may be the same."""

    async def persons(
        self,
        org_id: str,
        *,
        name_keys: Collection[str],
        addresses: Collection[tuple[str, str]],
        account_ids: Collection[str],
        domains: Collection[str],
    ) -> Sequence[PersonTraits]:
        """Return candidates for a contact."""
        ...

    async def person(self, org_id: str, contact_id: str) -> PersonTraits | None:
        """Return what a contact is recognised by."""
        ...

    async def companies(
        self, org_id: str, *, name_keys: Collection[str], domain: str, phone: str
    ) -> Sequence[CompanyTraits]:
        """Return candidates for an account."""
        ...


class AccountRecord(Protocol):
    """Keep accounts."""

    async def get(self, org_id: str, account_id: str) -> Account:
        """Return an account, or the one it was merged into; raise NotFound."""
        ...

    async def list(
        self,
        org_id: str,
        *,
        text: str,
        parent_id: str,
        limit: int,
        before_id: str,
        named: Sequence[str],
        sight: Sight,
    ) -> Sequence[Account]:
        """Return accounts, newest first."""
        ...

    async def create(self, account: Account) -> Account:
        """Keep a new account; raise InvalidInput."""
        ...

    async def change(
        self, org_id: str, account_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> Account:
        """Set fields under a version; raise NotFound, InvalidInput, Conflict."""
        ...

    async def tree(self, org_id: str, account_id: str) -> Tree:
        """Return the whole family of an account; raise NotFound."""
        ...


class RelationRecord(Protocol):
    """Keep the relations of contacts and accounts."""

    async def of_contact(self, org_id: str, contact_id: str) -> Sequence[Relation]:
        """Return a contact's relations, the direct one first."""
        ...

    async def of_account(
        self, org_id: str, account_id: str, *, limit: int, before_id: str, current_on: str
    ) -> Sequence[Relation]:
        """Return an account's relations, newest first."""
        ...

    async def add(self, relation: Relation, *, today: str) -> Relation:
        """Add a relation; raise NotFound, InvalidInput, Conflict."""
        ...

    async def change(self, org_id: str, relation_id: str, *, changes: Mapping[str, object]) -> Relation:
        """Set role, dates or notes; raise NotFound, InvalidInput, Conflict."""
        ...


class Teams(Protocol):
    """Keep the teams of accounts and users' default teams; the routes use it as it is."""

    async def of_account(self, org_id: str, account_id: str) -> Sequence[TeamMember]:
        """Return an account's team."""
        ...

    async def put(self, org_id: str, account_id: str, member: TeamMember, *, now_ms: int) -> Sequence[TeamMember]:
        """Let somebody be in an account's team; raise NotFound, InvalidInput, Conflict."""
        ...

    async def remove(self, org_id: str, account_id: str, user_id: str) -> None:
        """Let somebody leave an account's team; raise NotFound, Conflict."""
        ...

    async def default(self, org_id: str, user_id: str) -> Sequence[TeamMember]:
        """Return a user's default team."""
        ...

    async def set_default(self, org_id: str, user_id: str, members: Sequence[TeamMember]) -> Sequence[TeamMember]:
        """Replace a user's default team; raise InvalidInput."""
        ...

    async def add_default(self, org_id: str, account_id: str, user_id: str, *, now_ms: int) -> Sequence[TeamMember]:
        """Add a user's default team to an account's; raise NotFound, Conflict."""
        ...


class Merges(Protocol):
    """Merge contacts and accounts; the routes use it as it is."""

    async def merge_contacts(self, org_id: str, kept_id: str, lost_id: str, *, actor_id: str, now_ms: int) -> Merge:
        """Merge one contact into another; raise NotFound, InvalidInput, Conflict."""
        ...

    async def merge_accounts(self, org_id: str, kept_id: str, lost_id: str, *, actor_id: str, now_ms: int) -> Merge:
        """Merge one account into another; raise NotFound, InvalidInput, Conflict."""
        ...

    async def of(self, org_id: str, customer_id: str, *, limit: int) -> Sequence[Merge]:
        """Return merges that one of them was part of, newest first."""
        ...

    async def get(self, org_id: str, merge_id: str) -> Merge:
        """Return a merge; raise NotFound."""
        ...

    async def undo(self, org_id: str, merge_id: str, *, actor_id: str, now_ms: int) -> Merge:
        """Undo a merge; raise NotFound, Conflict."""
        ...
