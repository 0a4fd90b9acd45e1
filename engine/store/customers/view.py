"""The 360 degree view of a contact or an account: one read transaction of bounded, indexed queries.

What an account's contacts said is found by the contacts, since a conversation belongs to a person. The order of that
query is by an expression, lest PostgreSQL walk all conversations of the organisation from the newest one on until it
has found enough of the account's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, literal_column, select

from engine.errors import NotFound
from engine.model.case import Case
from engine.model.view import AccountView, CaseCount, ContactView, CustomerView, Tie, TimelineLine
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.activities import ACTIVITY
from engine.store.cases.sight import interactions_seen
from engine.store.cases.tables import activities, cases
from engine.store.customers.kept import plain_org
from engine.store.customers.leads import LEAD
from engine.store.customers.promises import CONTRACT, account_line, promises_of
from engine.store.customers.rows import account_of, address_of, member_of, relation_of
from engine.store.customers.tables import (
    account_relations,
    account_team,
    accounts,
    assets,
    contact_addresses,
    contacts,
    contracts,
    leads,
    orders,
)
from engine.store.customers.things import ASSET, ORDER
from engine.store.customers.whole import whole
from engine.store.customers.within import account_within, contact_within
from engine.store.direct import every, first
from engine.store.json_text import load
from engine.store.rows import AnyRow, case_of, contact_of, interaction_of
from engine.store.tables import entries, interactions

SHOWN = 20
"""Of each kind."""
COUNTED = 1_000
"""Cases of one customer that are counted, newest first."""
PEOPLE = 200
"""Contacts of an account whose conversations are in its timeline."""
TIED = 100
WORDS = 160
LAST = "~"
"""Behind every id."""

_NOTHING: Any = literal_column("''")
_ZERO: Any = literal_column("0")
_ORG: Any = bindparam("org")
_ID: Any = bindparam("id")


def _newest(table: Any, column: str) -> Select[Any]:  # noqa: ANN401 -- a table
    found = table.c[column]
    where = (found == _ID, found != _NOTHING, plain_org(table) == _ORG)
    return select(table).where(*where).order_by(table.c.id.desc()).limit(SHOWN)


def _of_either(table: Any) -> dict[str, Select[Any]]:  # noqa: ANN401 -- a table
    return {column: _newest(table, column) for column in ("contact_id", "account_id") if column in table.c}


def _recent_cases(column: str) -> Any:  # noqa: ANN401 -- a subquery
    found = cases.c[column]
    where = [cases.c.org_id == _ORG, found == _ID, cases.c.merged_into == _NOTHING]
    if column == "account_id":
        where.append(found != _NOTHING)
    return (
        select(cases.c.id, cases.c.closed_ms)
        .where(*where)
        .order_by(cases.c.number.desc())
        .limit(COUNTED)
        .subquery("newest")
    )


def _counted(column: str) -> Select[Any]:
    recent = _recent_cases(column)
    is_open: Any = func.sum(literal_column("CASE WHEN closed_ms = 0 THEN 1 ELSE 0 END"))
    counted: Select[Any] = select(func.count().label("all"), func.coalesce(is_open, 0).label("open"))
    return counted.select_from(recent)


def _cases(column: str, *, is_open: bool) -> Select[Any]:
    recent = _recent_cases(column)
    wanted = recent.c.closed_ms == _ZERO if is_open else recent.c.closed_ms > _ZERO
    ids = select(recent.c.id).where(wanted)
    return select(cases).where(cases.c.id.in_(ids)).order_by(cases.c.number.desc()).limit(SHOWN)


def _timeline(whose: Any) -> Select[Any]:  # noqa: ANN401 -- a condition
    ids = (
        select(interactions.c.id)
        .where(interactions.c.org_id == _ORG, whose, interactions.c.id < bindparam("before"))
        .order_by((interactions.c.id + _NOTHING).desc())
        .limit(bindparam("most"))
    )
    return (
        select(
            interactions,
            cases.c.number.label("case_number"),
            contacts.c.name.label("contact_name"),
            entries.c.body.label("words"),
            entries.c.data.label("words_data"),
        )
        .select_from(
            interactions.outerjoin(cases, and_(cases.c.id == interactions.c.case_id, cases.c.org_id == _ORG))
            .outerjoin(contacts, and_(contacts.c.id == interactions.c.contact_id, contacts.c.org_id == _ORG))
            .outerjoin(
                entries, and_(entries.c.interaction_id == interactions.c.id, entries.c.seq == literal_column("1"))
            )
        )
        .where(interactions.c.id.in_(ids))
        .order_by(interactions.c.id.desc())
    )


_PEOPLE = (
    select(account_relations.c.contact_id)
    .where(account_relations.c.account_id == _ID, account_relations.c.org_id == _ORG)
    .order_by(account_relations.c.id.desc())
    .limit(PEOPLE)
)
_CONTACT = select(contacts).where(contacts.c.id == _ID, contacts.c.org_id == _ORG)
_ACCOUNT = select(accounts).where(accounts.c.id == _ID, accounts.c.org_id == _ORG)
_ADDRESSES = (
    select(contact_addresses)
    .where(contact_addresses.c.contact_id == _ID, contact_addresses.c.org_id == _ORG)
    .order_by(contact_addresses.c.id)
    .limit(TIED)
)
_TIES = {
    "contact_id": select(account_relations, accounts.c.name, accounts.c.tier)
    .select_from(account_relations.join(accounts, accounts.c.id == account_relations.c.account_id))
    .where(account_relations.c.contact_id == _ID, account_relations.c.org_id == _ORG)
    .order_by(account_relations.c.id.desc())
    .limit(TIED),
    "account_id": select(account_relations, contacts.c.name, contacts.c.tier)
    .select_from(account_relations.join(contacts, contacts.c.id == account_relations.c.contact_id))
    .where(account_relations.c.account_id == _ID, account_relations.c.org_id == _ORG)
    .order_by(account_relations.c.id.desc())
    .limit(TIED),
}
_TEAM = select(account_team).where(account_team.c.account_id == _ID, plain_org(account_team) == _ORG).limit(TIED)
_CHILDREN = (
    select(accounts)
    .where(accounts.c.org_id == _ORG, accounts.c.parent_id == _ID, accounts.c.parent_id != _NOTHING)
    .order_by(accounts.c.id)
    .limit(SHOWN)
)
_COUNTED = {column: _counted(column) for column in ("contact_id", "account_id")}
_OPEN = {column: _cases(column, is_open=True) for column in ("contact_id", "account_id")}
_PAST = {column: _cases(column, is_open=False) for column in ("contact_id", "account_id")}
_WHOSE: Mapping[str, ColumnElement[bool]] = {
    "contact_id": interactions.c.contact_id == _ID,
    "account_id": interactions.c.contact_id.in_(_PEOPLE),
}
_TIMELINE = {name: _timeline(whose) for name, whose in _WHOSE.items()}
_ASSETS, _ORDERS, _LEADS, _ACTIVITIES = (_of_either(table) for table in (assets, orders, leads, activities))
_CONTRACTS = _newest(contracts, "account_id")


class View:
    """Read everything about a customer."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def contact(self, org_id: str, contact_id: str, *, sight: Sight = EVERYTHING) -> ContactView:
        """Return everything about a contact that ``sight`` leaves to see; raise NotFound."""

        def work(conn: Connection) -> ContactView:
            found = _contact(conn, org_id, contact_id)
            return found if sight.everything else contact_within(conn, sight, found)

        return await self._access.read(work)

    async def account(self, org_id: str, account_id: str, *, sight: Sight = EVERYTHING) -> AccountView:
        """Return everything about an account that ``sight`` leaves to see; raise NotFound."""

        def work(conn: Connection) -> AccountView:
            found = _account(conn, org_id, account_id)
            return found if sight.everything else account_within(conn, sight, found)

        return await self._access.read(work)

    async def timeline(
        self, org_id: str, whose: str, of_id: str, *, before_id: str, limit: int, sight: Sight = EVERYTHING
    ) -> list[TimelineLine]:
        """Return conversations, newest first, ``before_id`` exclusive ("" = from the newest on).

        ``whose``: "contact_id" or "account_id".
        """
        seen = None if sight.everything else _timeline(and_(_WHOSE[whose], interactions_seen(org_id, sight)))

        def work(conn: Connection) -> list[TimelineLine]:
            values = {"org": org_id, "before": before_id or LAST, "most": limit}
            found: dict[str, AnyRow] = {}
            for one in whole(conn, org_id, of_id):
                of = {**values, "id": one}
                rows = every(conn, _TIMELINE[whose], of) if seen is None else conn.execute(seen, of)
                found |= {row.id: row for row in rows}
            return [_line(found[one]) for one in sorted(found, reverse=True)[:limit]]

        return await self._access.read(work)


def _contact(conn: Connection, org_id: str, contact_id: str) -> ContactView:
    values = {"org": org_id, "id": contact_id}
    row = first(conn, _CONTACT, values)
    if row is None:
        raise NotFound(f"there is no contact {contact_id}", slug="unknown-contact")
    view = _customer(conn, org_id, "contact_id", contact_id)
    home = next((one.relation.account_id for one in view.ties if one.relation.direct and not one.relation.to_date), "")
    account = first(conn, _ACCOUNT, {"org": org_id, "id": home}) if home else None
    return ContactView(
        contact=contact_of(row),
        addresses=tuple(address_of(one) for one in every(conn, _ADDRESSES, values)),
        account=None if account is None else account_of(account),
        view=view,
    )


def _account(conn: Connection, org_id: str, account_id: str) -> AccountView:
    values = {"org": org_id, "id": account_id}
    row = first(conn, _ACCOUNT, values)
    if row is None:
        raise NotFound(f"there is no account {account_id}", slug="unknown-account")
    above = [first(conn, _ACCOUNT, {"org": org_id, "id": one}) for one in account_line(conn, org_id, account_id)[1:]]
    return AccountView(
        account=account_of(row),
        line=tuple(account_of(one) for one in above if one is not None),
        children=tuple(account_of(one) for one in every(conn, _CHILDREN, values)),
        view=_customer(conn, org_id, "account_id", account_id),
    )


def _customer(conn: Connection, org_id: str, whose: str, of_id: str) -> CustomerView:
    values = {"org": org_id, "id": of_id}
    ties = _ties(conn, whose, values)
    home = next((one.relation.account_id for one in ties if one.relation.direct and not one.relation.to_date), "")
    account_id = of_id if whose == "account_id" else home
    of_account = {"org": org_id, "id": account_id}
    owned = tuple(ASSET.read(row) for row in every(conn, _ASSETS[whose], values))
    return CustomerView(
        ties=ties,
        cases=tuple(_shown_cases(conn, whose, values)),
        count=_count(conn, whose, values),
        timeline=tuple(_lines(conn, org_id, whose, of_id, before_id="", limit=SHOWN)),
        promises=tuple(
            promises_of(
                conn,
                org_id,
                contact_id=of_id if whose == "contact_id" else "",
                accounts=account_line(conn, org_id, account_id),
                assets=[one.id for one in owned],
            )
        ),
        assets=owned,
        orders=tuple(ORDER.read(row) for row in every(conn, _ORDERS[whose], values)),
        contracts=tuple(CONTRACT.read(row) for row in every(conn, _CONTRACTS, of_account)) if account_id else (),
        leads=tuple(LEAD.read(row) for row in every(conn, _LEADS[whose], values)),
        team=tuple(member_of(row) for row in every(conn, _TEAM, of_account)) if account_id else (),
        activities=tuple(ACTIVITY.read(row) for row in every(conn, _ACTIVITIES[whose], values)),
    )


def _ties(conn: Connection, whose: str, values: dict[str, str]) -> tuple[Tie, ...]:
    ties = [Tie(relation=relation_of(row), name=row.name, tier=row.tier) for row in every(conn, _TIES[whose], values)]
    return tuple(sorted(ties, key=lambda one: (bool(one.relation.to_date), not one.relation.direct)))


def _count(conn: Connection, whose: str, values: dict[str, str]) -> CaseCount:
    total = is_open = 0
    for one in whole(conn, values["org"], values["id"]):
        row = first(conn, _COUNTED[whose], {**values, "id": one})
        assert row is not None  # it is an aggregate
        total, is_open = total + row.all, is_open + row.open
    return CaseCount(open=is_open, past=total - is_open, complete=total < COUNTED)


def _shown_cases(conn: Connection, whose: str, values: dict[str, str]) -> list[Case]:
    return [case_of(row) for query in (_OPEN[whose], _PAST[whose]) for row in every(conn, query, values)]


def _lines(conn: Connection, org_id: str, whose: str, of_id: str, *, before_id: str, limit: int) -> list[TimelineLine]:
    values = {"org": org_id, "id": of_id, "before": before_id or LAST, "most": limit}
    return [_line(row) for row in every(conn, _TIMELINE[whose], values)]


def _line(row: AnyRow) -> TimelineLine:
    return TimelineLine(
        interaction=interaction_of(row),
        case_number=row.case_number or 0,
        contact_name=row.contact_name or "",
        words=(row.words or "")[:WORDS],
        subject=_subject(row.words_data),
    )


def _subject(data: str | None) -> str:
    """Return the subject of a mail, "" of what is none."""
    subject = load(data).get("subject") if data else ""
    return subject[:WORDS] if isinstance(subject, str) else ""
