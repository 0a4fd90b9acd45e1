"""What contacts are, and were, to accounts: one belongs directly to one account at a time, and to any number beside.

Every write locks the contact first, so that of two that move him one comes after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.customer import Relation
from engine.store.access import Access
from engine.store.customers.accounts import locked_account
from engine.store.customers.contacts import locked_contact
from engine.store.customers.rows import relation_of, row_of_relation
from engine.store.customers.tables import account_relations, accounts, contacts
from engine.store.customers.whole import whole
from engine.store.direct import every, first
from engine.store.upsert import change, insert

Relations = list[Relation]

MOST_RELATIONS = 500
"""Relations of one contact, past ones included."""

_ONE: Select[Any] = select(account_relations).where(
    account_relations.c.id == bindparam("id"), account_relations.c.org_id == bindparam("org")
)
_OF_CONTACT: Select[Any] = (
    select(account_relations)
    .where(account_relations.c.contact_id == bindparam("contact"), account_relations.c.org_id == bindparam("org"))
    .order_by(account_relations.c.id)
)


class RelationsOfAccounts:
    """Keep the relations of contacts and accounts."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def of_contact(self, org_id: str, contact_id: str) -> Relations:
        """Return a contact's relations with the accounts' names: the direct one first, then the newest."""
        of = account_relations.c
        query = _named().where(of.contact_id == contact_id, of.org_id == org_id)
        query = query.order_by(of.id.desc()).limit(MOST_RELATIONS)
        found = await self._access.read(lambda conn: _read(conn, query))
        return sorted(found, key=lambda one: not (one.direct and not one.to_date))

    async def of_account(
        self, org_id: str, account_id: str, *, limit: int = 100, before_id: str = "", current_on: str = ""
    ) -> Relations:
        """Return an account's relations with the contacts' names, newest first, ``before_id`` exclusive.

        ``current_on``: only those that go on, or end on this day or later.
        """
        of = account_relations.c
        query = _named().where(of.org_id == org_id)
        if current_on:
            query = query.where((of.to_date == "") | (of.to_date >= current_on))
        if before_id:
            query = query.where(of.id < before_id)
        query = query.order_by(of.id.desc()).limit(limit)
        return await self._access.read(
            lambda conn: _read(conn, query.where(of.account_id.in_(whole(conn, org_id, account_id))))
        )

    async def add(self, relation: Relation, *, today: str) -> Relation:
        """Add a relation; the same one that goes on already is returned as it is.

        One that is direct ends the contact's direct relation of before, on the day the new one begins. Raises
        NotFound, InvalidInput, Conflict: ``merged``, ``too-many``.
        """
        return await self._access.write(relation.org_id, lambda conn: add_relation(conn, relation, today))

    async def change(self, org_id: str, relation_id: str, *, changes: Mapping[str, object]) -> Relation:
        """Set role, dates or notes; raise NotFound, InvalidInput, Conflict."""
        return await self._access.write(org_id, lambda conn: _change(conn, (org_id, relation_id), changes))


def _read(conn: Connection, query: Select[Any]) -> Relations:
    return [
        replace(relation_of(row), contact_name=row.contact_name or "", account_name=row.account_name or "")
        for row in conn.execute(query)
    ]


def _named() -> Select[Any]:
    return (
        select(account_relations, contacts.c.name.label("contact_name"), accounts.c.name.label("account_name"))
        .join(contacts, contacts.c.id == account_relations.c.contact_id, isouter=True)
        .join(accounts, accounts.c.id == account_relations.c.account_id, isouter=True)
    )


def add_relation(conn: Connection, relation: Relation, today: str) -> Relation:
    """Add a relation, as ``RelationsOfAccounts.add`` says."""
    locked_contact(conn, relation.org_id, relation.contact_id)
    locked_account(conn, relation.org_id, relation.account_id)
    there = _of(conn, relation)
    same = next((one for one in there if _same(one, relation)), None)
    if same is not None:
        return same
    if len(there) >= MOST_RELATIONS:
        raise Conflict(f"a contact has at most {MOST_RELATIONS} relations", slug="too-many")
    if relation.direct and not relation.from_date:
        relation = replace(relation, from_date=today)
    _check_dates(relation)
    before = _direct(there)
    if before is not None and relation.direct and not relation.to_date:
        # A day has one direct account: what began later than the new one has never been.
        ends = max(relation.from_date, before.from_date)
        change(conn, account_relations, {"id": before.id}, {"to_date": ends})
    insert(conn, account_relations, row_of_relation(relation))
    return relation


def end_direct(conn: Connection, org_id: str, contact_id: str, today: str) -> bool:
    """Let a locked contact belong to no account any more; say whether he did."""
    rows = every(conn, _OF_CONTACT, {"org": org_id, "contact": contact_id})
    before = _direct([relation_of(row) for row in rows])
    if before is None:
        return False
    change(conn, account_relations, {"id": before.id}, {"to_date": max(today, before.from_date)})
    return True


def _change(conn: Connection, where: tuple[str, str], changes: Mapping[str, object]) -> Relation:
    found = first(conn, _ONE, {"org": where[0], "id": where[1]})
    if found is None:
        raise NotFound(f"there is no relation {where[1]}", slug="unknown-relation")
    locked_contact(conn, where[0], found.contact_id)
    there = _of(conn, relation_of(found))
    before = next((one for one in there if one.id == where[1]), None)
    if before is None:
        raise Conflict("the relation was moved meanwhile")
    values: dict[str, Any] = dict(changes)
    after = replace(before, **values)
    _check_dates(after)
    other = _direct(there)
    if after.direct and not after.to_date and other is not None and other.id != after.id:
        raise Conflict("the contact belongs directly to another account", mend="End that relation first.")
    old, new = row_of_relation(before), row_of_relation(after)
    if changed := {name: value for name, value in new.items() if old[name] != value}:
        change(conn, account_relations, {"id": before.id}, changed)
    return after


def _of(conn: Connection, relation: Relation) -> Relations:
    rows = every(conn, _OF_CONTACT, {"org": relation.org_id, "contact": relation.contact_id})
    return [relation_of(row) for row in rows]


def _direct(relations: Relations) -> Relation | None:
    return next((one for one in relations if one.direct and not one.to_date), None)


def _same(one: Relation, other: Relation) -> bool:
    if one.to_date or other.to_date or one.account_id != other.account_id or one.direct != other.direct:
        return False
    return one.direct or one.role == other.role


def _check_dates(relation: Relation) -> None:
    if relation.from_date and relation.to_date and relation.to_date < relation.from_date:
        raise InvalidInput("A relation ends no earlier than it begins.", field="to_date")
