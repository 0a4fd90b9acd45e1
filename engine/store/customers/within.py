"""The 360 degree view as somebody sees it who does not see all: what is hidden from him is taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, Table, func, select

from engine.model.view import AccountView, CaseCount, ContactView, CustomerView
from engine.model.visibility import Sight
from engine.store.cases.sight import Condition, cases_seen, interactions_seen
from engine.store.cases.tables import activities, cases
from engine.store.customers.sight import accounts_seen, contacts_seen, things_seen
from engine.store.customers.tables import accounts, assets, contacts, contracts, entitlements, leads, orders
from engine.store.tables import interactions

T = TypeVar("T")


class _Eye:
    """Looks which rows of an organisation somebody sees."""

    def __init__(self, conn: Connection, org_id: str, sight: Sight) -> None:
        self._conn = conn
        self.org_id = org_id
        self.sight = sight

    def of(self, table: Table, seen: Condition, found: Sequence[T], id_of: Callable[[T], str]) -> tuple[T, ...]:
        """Return those of ``found`` whose row is seen."""
        left = self.ids(table, seen, (id_of(one) for one in found))
        return tuple(one for one in found if id_of(one) in left)

    def ids(self, table: Table, seen: Condition, wanted: Iterable[str]) -> frozenset[str]:
        """Return which ids are seen."""
        ids = sorted(set(wanted))
        query = select(table.c.id).where(table.c.id.in_(ids), table.c.org_id == self.org_id, seen)
        return frozenset(self._conn.scalars(query)) if ids else frozenset()

    def things(self, table: Table, found: Sequence[T], id_of: Callable[[T], str]) -> tuple[T, ...]:
        """Return those of things that are seen."""
        return self.of(table, things_seen(table, self.org_id, self.sight), found, id_of)

    def count(self, column: str, of_id: str) -> CaseCount:
        """Count the cases that are seen."""
        seen = (cases.c.org_id == self.org_id, cases.c[column] == of_id, cases_seen(self.org_id, self.sight))
        query = select(func.count(), func.count().filter(cases.c.closed_ms == 0)).select_from(cases).where(*seen)
        every, is_open = self._conn.execute(query).one()
        return CaseCount(open=is_open, past=every - is_open, complete=True)


def contact_within(conn: Connection, sight: Sight, found: ContactView) -> ContactView:
    """Return what somebody sees of a contact whom he may see."""
    eye = _Eye(conn, found.contact.org_id, sight)
    account = found.account
    if account is not None and not eye.ids(accounts, accounts_seen(eye.org_id, sight), [account.id]):
        account = None
    return replace(found, account=account, view=_within(eye, "contact_id", found.contact.id, found.view))


def account_within(conn: Connection, sight: Sight, found: AccountView) -> AccountView:
    """Return what somebody sees of an account that he may see."""
    eye = _Eye(conn, found.account.org_id, sight)
    seen = accounts_seen(eye.org_id, sight)
    return replace(
        found,
        line=eye.of(accounts, seen, found.line, lambda one: one.id),
        children=eye.of(accounts, seen, found.children, lambda one: one.id),
        view=_within(eye, "account_id", found.account.id, found.view),
    )


def _within(eye: _Eye, whose: str, of_id: str, view: CustomerView) -> CustomerView:
    org_id, sight = eye.org_id, eye.sight
    talks = interactions_seen(org_id, sight)
    if whose == "contact_id":
        ties = eye.of(accounts, accounts_seen(org_id, sight), view.ties, lambda one: one.relation.account_id)
    else:
        ties = eye.of(contacts, contacts_seen(org_id, sight), view.ties, lambda one: one.relation.contact_id)
    return replace(
        view,
        ties=ties,
        cases=eye.of(cases, cases_seen(org_id, sight), view.cases, lambda one: one.id),
        count=eye.count(whose, of_id),
        timeline=eye.of(interactions, talks, view.timeline, lambda one: one.interaction.id),
        promises=eye.things(entitlements, view.promises, lambda one: one.entitlement.id),
        assets=eye.things(assets, view.assets, lambda one: one.id),
        orders=eye.things(orders, view.orders, lambda one: one.id),
        contracts=eye.things(contracts, view.contracts, lambda one: one.id),
        leads=eye.things(leads, view.leads, lambda one: one.id),
        activities=eye.things(activities, view.activities, lambda one: one.id),
    )
