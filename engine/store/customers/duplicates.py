"""Who may be the same: candidates found by equality only, on indexes both databases have, bounded per question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, Select, literal_column, select

from engine.model.customer import CompanyTraits, PersonTraits
from engine.store.access import Access
from engine.store.customers.tables import account_relations, accounts, contact_addresses, contacts

Persons = list[PersonTraits]
Companies = list[CompanyTraits]

MOST = 200
"""Candidates looked at per question: by name, by account, by address."""
MOST_ACCOUNTS = 10
_NOTHING: ColumnElement[str] = literal_column("''")


class Duplicates:
    """Find candidates; what they are worth is for the stage to say."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def persons(
        self,
        org_id: str,
        *,
        name_keys: Collection[str],
        addresses: Collection[tuple[str, str]],
        account_ids: Collection[str],
        domains: Collection[str],
    ) -> Persons:
        """Return contacts with one of the names' keys, of the addresses, or of the accounts (also by domain)."""

        def work(conn: Connection) -> Persons:
            near = [*account_ids, *_ids(conn, _of_domains(org_id, domains), domains)]
            found = {
                *_ids(conn, _named(org_id, name_keys), name_keys),
                *_ids(conn, _reached(org_id, addresses), addresses),
                *_ids(conn, _related(org_id, near), near),
            }
            return _persons(conn, org_id, found)

        return await self._access.read(work)

    async def person(self, org_id: str, contact_id: str) -> PersonTraits | None:
        """Return what a contact is recognised by; None without him."""
        found = await self._access.read(lambda conn: _persons(conn, org_id, [contact_id]))
        return found[0] if found else None

    async def companies(
        self, org_id: str, *, name_keys: Collection[str], domain: str, phone: str, limit: int = MOST
    ) -> Companies:
        """Return accounts with one of the names' keys, the domain or the telephone number."""
        base = select(accounts.c.id, accounts.c.name, accounts.c.domain, accounts.c.phone).where(
            accounts.c.org_id == org_id, accounts.c.merged_into == _NOTHING
        )
        queries: list[Select[tuple[str, str, str, str]]] = []
        if name_keys:
            queries.append(base.where(accounts.c.name_key.in_(sorted(name_keys))))
        if domain:
            queries.append(base.where(accounts.c.domain == domain, accounts.c.domain != _NOTHING))
        if phone:
            queries.append(base.where(accounts.c.phone == phone, accounts.c.phone != _NOTHING))

        def work(conn: Connection) -> Companies:
            found: dict[str, CompanyTraits] = {}
            for query in queries:
                for row in conn.execute(query.order_by(accounts.c.id.desc()).limit(limit)):
                    found[row.id] = CompanyTraits(id=row.id, name=row.name, domain=row.domain, phone=row.phone)
            return list(found.values())

        return await self._access.read(work)


def _ids(conn: Connection, query: Select[tuple[str]], wanted: Collection[object]) -> list[str]:
    return [str(row[0]) for row in conn.execute(query)] if wanted else []


def _named(org_id: str, name_keys: Collection[str]) -> Select[tuple[str]]:
    return (
        select(contacts.c.id)
        .where(contacts.c.org_id == org_id, contacts.c.name_key.in_(sorted(name_keys)))
        .where(contacts.c.name_key != _NOTHING)
        .limit(MOST)
    )


def _reached(org_id: str, addresses: Collection[tuple[str, str]]) -> Select[tuple[str]]:
    channels = sorted({channel for channel, _ in addresses})
    keys = sorted({key for _, key in addresses})
    # A key of another channel may slip in; it is told apart when the two are compared.
    return (
        select(contact_addresses.c.contact_id)
        .where(contact_addresses.c.org_id == org_id, contact_addresses.c.channel.in_(channels))
        .where(contact_addresses.c.key.in_(keys))
        .limit(MOST)
    )


def _related(org_id: str, account_ids: Collection[str]) -> Select[tuple[str]]:
    return (
        select(account_relations.c.contact_id)
        .where(account_relations.c.org_id == org_id, account_relations.c.account_id.in_(sorted(account_ids)))
        .limit(MOST)
    )


def _of_domains(org_id: str, domains: Collection[str]) -> Select[tuple[str]]:
    return (
        select(accounts.c.id)
        .where(accounts.c.org_id == org_id, accounts.c.domain.in_(sorted(domains)), accounts.c.domain != _NOTHING)
        .limit(MOST_ACCOUNTS)
    )


def _persons(conn: Connection, org_id: str, ids: Iterable[str]) -> Persons:
    wanted = sorted(ids)
    if not wanted:
        return []
    names = conn.execute(
        select(contacts.c.id, contacts.c.name).where(
            contacts.c.id.in_(wanted), contacts.c.org_id == org_id, contacts.c.merged_into == _NOTHING
        )
    ).all()
    addresses: dict[str, set[tuple[str, str]]] = defaultdict(set)
    of = contact_addresses.c
    for row in conn.execute(select(of.contact_id, of.channel, of.key).where(of.contact_id.in_(wanted))):
        addresses[row.contact_id].add((row.channel, row.key))
    near: dict[str, set[str]] = defaultdict(set)
    on = account_relations.c
    current = select(on.contact_id, on.account_id).where(on.contact_id.in_(wanted), on.to_date == "")
    for contact_id, account_id in conn.execute(current).all():
        near[contact_id].add(account_id)
    return [
        PersonTraits(
            id=row.id, name=row.name, addresses=frozenset(addresses[row.id]), account_ids=frozenset(near[row.id])
        )
        for row in names
    ]
