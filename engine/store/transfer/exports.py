"""Pages of what is exported, by column: contacts and accounts by their ids, and what cases name beside themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, false, func, select

from engine.model.case import Case
from engine.model.customer import PHONE
from engine.model.transfer import Noun
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.customers.rows import account_of, address_of
from engine.store.customers.sight import accounts_seen, contacts_seen
from engine.store.customers.tables import account_relations, accounts, contact_addresses, contacts
from engine.store.rows import contact_of
from engine.store.search import containing
from engine.store.tables import users
from engine.store.transfer.tables import external_ids

MOST_LOOKED_AT = 5_000
"""So many rows one transaction looks at: however rare a text is, no page holds a reader for long."""

Rows = list[dict[str, object]]
Page = tuple[Rows, str]
"""The rows, and after which id to go on; "": there are no more."""


class Exports:
    """Read what is exported, a page at a time; each page is one transaction."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def contacts(self, org_id: str, *, after_id: str, limit: int, text: str, source: str, sight: Sight) -> Page:
        """Return contacts in the order of their ids, ``after_id`` exclusive, by column, and after which to go on."""
        chosen = [] if sight.everything else [contacts_seen(org_id, sight)]
        chosen += [containing(contacts.c.search, text)] if text else []

        def work(conn: Connection) -> Page:
            piece = _piece(conn, contacts, (org_id, after_id), chosen, limit)
            return _contacts(conn, org_id, piece.query, source, sight), piece.next_id

        return await self._access.read(work)

    async def accounts(self, org_id: str, *, after_id: str, limit: int, text: str, source: str, sight: Sight) -> Page:
        """Return accounts in the order of their ids, ``after_id`` exclusive, by column, and after which to go on."""
        chosen = [] if sight.everything else [accounts_seen(org_id, sight)]
        chosen += [containing(accounts.c.search, text)] if text else []

        def work(conn: Connection) -> Page:
            piece = _piece(conn, accounts, (org_id, after_id), chosen, limit)
            return _accounts(conn, org_id, piece.query, source, sight), piece.next_id

        return await self._access.read(work)

    async def cases(self, org_id: str, found: Sequence[Case], *, source: str) -> Rows:
        """Return cases by column, with the words for what they name."""
        return await self._access.read(lambda conn: _cases(conn, org_id, found, source))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """What one transaction reads."""

    query: Select[Any]
    next_id: str  # "" = it is the last one


def _piece(
    conn: Connection, table: Table, after: tuple[str, str], chosen: Sequence[ColumnElement[bool]], limit: int
) -> _Piece:
    """Return the next rows that are chosen, of the next few thousand; few of those may be."""
    org_id, after_id = after
    row = table.c
    there = select(row.id).where(row.org_id == org_id, row.merged_into == "", row.id > after_id).order_by(row.id)
    if not chosen:
        last = conn.scalar(there.offset(limit - 1).limit(1)) or ""
        return _Piece(query=_rows(table, org_id, after_id).limit(limit), next_id=last)
    end = conn.scalar(there.offset(MOST_LOOKED_AT - 1).limit(1)) or ""
    query = _rows(table, org_id, after_id).where(*chosen)
    query = query.where(row.id <= end) if end else query
    found = conn.scalars(query.with_only_columns(row.id).limit(limit)).all()
    full = found[-1] if len(found) == limit else ""
    if not found:
        return _Piece(query=query.where(false()), next_id=end)
    return _Piece(query=_rows(table, org_id, after_id).where(row.id.in_(found)), next_id=full or end)


def _rows(table: Table, org_id: str, after_id: str) -> Select[Any]:
    row = table.c
    where = (row.org_id == org_id, row.merged_into == "", row.id > after_id)
    return select(table).where(*where).order_by(row.id)


def _contacts(conn: Connection, org_id: str, query: Select[Any], source: str, sight: Sight) -> Rows:
    """Return contacts; what an account is called stays empty where the account is not seen."""
    found = [contact_of(row) for row in conn.execute(query)]
    ids = [one.id for one in found]
    of = contact_addresses.c
    addresses: dict[str, list[dict[str, object]]] = defaultdict(list)
    listed = (
        select(contact_addresses).where(_is(of.org_id, org_id), of.contact_id.in_(ids)).order_by(of.created_ms, of.id)
    )
    phones: dict[str, str] = {}
    for row in conn.execute(listed):
        one = address_of(row)
        if one.channel == PHONE:
            phones.setdefault(one.contact_id, one.key)
        value = one.key if one.channel == PHONE else one.value
        told = {"channel": one.channel, "value": value, "label": one.label, "verified": one.verified_ms > 0}
        addresses[one.contact_id].append(told)
    belongs = _direct(conn, org_id, ids)
    names = _names(conn, org_id, belongs.values(), sight)
    logins = _logins(conn, org_id, {one.owner_id for one in found})
    keys = _keys(conn, org_id, Noun.CONTACT, ids, source)
    firms = _keys(conn, org_id, Noun.ACCOUNT, names, source)
    return [
        {
            "id": one.id,
            "external_id": keys.get(one.id, ""),
            "name": one.name,
            "email": one.email,
            "phone": phones.get(one.id, ""),
            "addresses": addresses[one.id],
            "language": one.language,
            "time_zone": one.time_zone,
            "tier": one.tier,
            "title": one.title,
            "notes": one.notes,
            "owner_id": one.owner_id,
            "owner": logins.get(one.owner_id, ""),
            "account_id": belongs.get(one.id, ""),
            "account_external_id": firms.get(belongs.get(one.id, ""), ""),
            "account": names.get(belongs.get(one.id, ""), ""),
            "fields": one.fields,
            "version": one.version,
            "created_at": one.created_ms,
            "updated_at": one.updated_ms,
        }
        for one in found
    ]


def _accounts(conn: Connection, org_id: str, query: Select[Any], source: str, sight: Sight) -> Rows:
    """Return accounts; what a parent is called stays empty where the parent is not seen."""
    found = [account_of(row) for row in conn.execute(query)]
    parents = {one.parent_id for one in found} - {""}
    names = _names(conn, org_id, parents, sight)
    logins = _logins(conn, org_id, {one.owner_id for one in found})
    keys = _keys(conn, org_id, Noun.ACCOUNT, {one.id for one in found} | names.keys(), source)
    return [
        {
            "id": one.id,
            "external_id": keys.get(one.id, ""),
            "name": one.name,
            "domain": one.domain,
            "phone": one.phone,
            "website": one.website,
            "industry": one.industry,
            "tier": one.tier,
            "time_zone": one.time_zone,
            "notes": one.notes,
            "owner_id": one.owner_id,
            "owner": logins.get(one.owner_id, ""),
            "parent_id": one.parent_id,
            "parent_external_id": keys.get(one.parent_id, ""),
            "parent": names.get(one.parent_id, ""),
            "fields": one.fields,
            "version": one.version,
            "created_at": one.created_ms,
            "updated_at": one.updated_ms,
        }
        for one in found
    ]


def _cases(conn: Connection, org_id: str, found: Sequence[Case], source: str) -> Rows:
    people, firms = {one.contact_id for one in found}, {one.account_id for one in found}
    emails = _emails(conn, org_id, people)
    names, logins = _names(conn, org_id, firms), _logins(conn, org_id, {one.owner_id for one in found})
    of_people = _keys(conn, org_id, Noun.CONTACT, people, source)
    of_firms = _keys(conn, org_id, Noun.ACCOUNT, firms, source)
    of_cases = _keys(conn, org_id, Noun.CASE, {one.id for one in found} | {one.parent_id for one in found}, source)
    return [
        {
            "id": one.id,
            "external_id": of_cases.get(one.id, ""),
            "number": one.number,
            "subject": one.subject,
            "description": one.description,
            "status": one.status,
            "priority": one.priority,
            "type": one.type,
            "queue": one.queue,
            "topic": one.topic,
            "team": one.team,
            "tags": list(one.tags),
            "owner_id": one.owner_id,
            "owner": logins.get(one.owner_id, ""),
            "contact_id": one.contact_id,
            "contact_external_id": of_people.get(one.contact_id, ""),
            "contact_email": emails.get(one.contact_id, ""),
            "account_id": one.account_id,
            "account_external_id": of_firms.get(one.account_id, ""),
            "account": names.get(one.account_id, ""),
            "parent_id": one.parent_id,
            "parent_external_id": of_cases.get(one.parent_id, ""),
            "opened_at": one.opened_ms,
            "closed_at": one.closed_ms,
            "fields": one.fields,
            "version": one.version,
            "updated_at": one.updated_ms,
        }
        for one in found
    ]


def _is(column: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """Return a condition for which no index is used: SQLite would take the one that leads to half the table."""
    return func.coalesce(column, "") == wanted


def _pairs(rows: Any) -> dict[str, str]:  # noqa: ANN401 -- rows of two texts
    return {row[0]: row[1] for row in rows}


def _direct(conn: Connection, org_id: str, ids: Sequence[str]) -> dict[str, str]:
    of = account_relations.c
    query = select(of.contact_id, of.account_id).where(
        of.org_id == org_id, of.contact_id.in_(ids), of.direct == 1, of.to_date == ""
    )
    return _pairs(conn.execute(query).all())


def _names(conn: Connection, org_id: str, ids: Any, sight: Sight = EVERYTHING) -> dict[str, str]:  # noqa: ANN401 -- any collection
    """Return what accounts are called, those that are seen."""
    query = select(accounts.c.id, accounts.c.name).where(
        accounts.c.org_id == org_id, accounts.c.id.in_(set(ids) - {""}), accounts_seen(org_id, sight)
    )
    return _pairs(conn.execute(query).all())


def _emails(conn: Connection, org_id: str, ids: Any) -> dict[str, str]:  # noqa: ANN401 -- as above
    query = select(contacts.c.id, contacts.c.email).where(
        contacts.c.org_id == org_id, contacts.c.id.in_(set(ids) - {""})
    )
    return _pairs(conn.execute(query).all())


def _logins(conn: Connection, org_id: str, ids: Any) -> dict[str, str]:  # noqa: ANN401 -- as above
    query = select(users.c.id, users.c.login).where(users.c.org_id == org_id, users.c.id.in_(set(ids) - {""}))
    return _pairs(conn.execute(query).all())


def _keys(conn: Connection, org_id: str, noun: Noun, ids: Any, source: str) -> dict[str, str]:  # noqa: ANN401 -- as above
    """Return what the source calls these; of several keys the last one in order."""
    of = external_ids.c
    query = select(of.target_id, of.external_id).where(
        of.org_id == org_id, of.noun == noun.value, _is(of.source, source), of.target_id.in_(set(ids) - {""})
    )
    return _pairs(conn.execute(query.order_by(of.external_id)).all())
