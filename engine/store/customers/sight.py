"""What somebody sees of customers and of what hangs on them, as conditions on the rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    and_,
    exists,
    literal_column,
    or_,
    select,
    true,
    union,
)

from engine.model.visibility import Sight
from engine.store.cases.sight import Condition, case_is_seen, cases_seen, held, looked_after
from engine.store.cases.tables import cases
from engine.store.customers.tables import account_relations, accounts, assets, contacts, contracts
from engine.store.tables import interactions

_NOTHING: Any = literal_column("''")
MINE = ("owner_id", "created_by")


def contacts_seen(org_id: str, sight: Sight, *, write: bool = False) -> Condition:
    """Return the condition on ``contacts``: he looks after him, or of a case, account or conversation that he sees."""
    if sight.all_customers:
        return true()
    contact, relation = contacts.c, account_relations.c
    with_case = exists().where(
        cases.c.contact_id == contact.id, cases.c.org_id == org_id, cases_seen(org_id, sight, write=write)
    )
    kept = and_(accounts.c.id == relation.account_id, accounts.c.owner_id == sight.user_id)
    with_account = exists().where(
        relation.contact_id == contact.id,
        relation.org_id == org_id,
        or_(
            relation.account_id.in_(looked_after(org_id, sight, "account_access", write=write)),
            exists().where(kept).correlate_except(accounts),
        ),
    )
    talking = select(interactions.c.contact_id).where(interactions.c.id.in_(held(org_id, sight, "interaction_id")))
    return or_(
        contact.owner_id == sight.user_id,
        with_case.correlate_except(cases),
        with_account.correlate_except(account_relations),
        contact.id.in_(held(org_id, sight, "contact_id")),
        contact.id.in_(talking.correlate(None)),
    )


def owned_by(org_id: str, user_id: str) -> Condition:
    """Return the condition on ``contacts`` that somebody looks after them, as the index has it."""
    contact = contacts.c
    return and_(contact.org_id == org_id, contact.owner_id == user_id, contact.owner_id != _NOTHING)


def accounts_seen(org_id: str, sight: Sight, *, write: bool = False) -> Condition:
    """Return the condition on ``accounts``: he owns it, is in its team, or sees a case of it."""
    if sight.all_customers:
        return true()
    account = accounts.c
    with_case = exists().where(
        cases.c.account_id == account.id,
        cases.c.account_id != _NOTHING,
        cases.c.org_id == org_id,
        cases_seen(org_id, sight, write=write),
    )
    return or_(
        account.owner_id == sight.user_id,
        account.id.in_(looked_after(org_id, sight, "account_access", write=write)),
        with_case.correlate_except(cases),
    )


def contacts_of(org_id: str, sight: Sight) -> CompoundSelect[Any]:
    """Select the contacts that somebody sees where not all are seen, beginning with what gives him sight."""
    relation = account_relations.c
    return union(
        select(contacts.c.id).where(owned_by(org_id, sight.user_id)),
        select(cases.c.contact_id).where(cases.c.org_id == org_id, cases_seen(org_id, sight)),
        select(relation.contact_id).where(
            relation.org_id == org_id, relation.account_id.in_(union(*_at_hand(org_id, sight)))
        ),
        held(org_id, sight, "contact_id"),
        select(interactions.c.contact_id).where(interactions.c.id.in_(held(org_id, sight, "interaction_id"))),
    )


def accounts_of(org_id: str, sight: Sight) -> CompoundSelect[Any]:
    """Select the accounts that somebody sees, as ``contacts_of``."""
    of_cases = select(cases.c.account_id).where(cases.c.org_id == org_id, cases_seen(org_id, sight))
    return union(*_at_hand(org_id, sight), of_cases)


def _at_hand(org_id: str, sight: Sight) -> tuple[Select[Any], Select[Any]]:
    """Select the accounts in whose team somebody is, and those he owns."""
    owned = select(accounts.c.id).where(accounts.c.org_id == org_id, accounts.c.owner_id == sight.user_id)
    return looked_after(org_id, sight, "account_access", write=False), owned


def contact_is_seen(org_id: str, sight: Sight, of: ColumnElement[str], *, write: bool = False) -> Condition:
    """Return the condition that the contact whose id stands in a column is seen."""
    seen = exists().where(contacts.c.id == of, contacts.c.org_id == org_id, contacts_seen(org_id, sight, write=write))
    return seen.correlate_except(contacts)


def account_is_seen(org_id: str, sight: Sight, of: ColumnElement[str], *, write: bool = False) -> Condition:
    """Return the condition that the account whose id stands in a column is seen."""
    seen = exists().where(accounts.c.id == of, accounts.c.org_id == org_id, accounts_seen(org_id, sight, write=write))
    return seen.correlate_except(accounts)


def things_seen(table: Table, org_id: str, sight: Sight, *, write: bool = False) -> Condition:
    """Return the condition on a table of things: they are his, or nothing that they belong to is hidden from him."""
    if sight.everything:
        return true()
    rest: list[Condition] = []
    for name in table.c.keys():  # noqa: SIM118 -- of columns, not of a mapping
        seen = _reference(name, table.c[name], org_id, sight, write=write)
        if seen is not None:
            rest.append(or_(table.c[name] == _NOTHING, seen))
    mine = [table.c[name] == sight.user_id for name in MINE if name in table.c]
    return or_(*mine, and_(true(), *rest))


def _reference(name: str, of: ColumnElement[str], org_id: str, sight: Sight, *, write: bool) -> Condition | None:
    if name == "case_id" and not sight.all_cases:
        return case_is_seen(org_id, sight, of, write=write)
    if sight.all_customers:
        return None
    if name == "contact_id":
        return contact_is_seen(org_id, sight, of, write=write)
    if name == "account_id":
        return account_is_seen(org_id, sight, of, write=write)
    for column, table in (("asset_id", assets), ("contract_id", contracts)):
        if name == column:
            seen = things_seen(table, org_id, sight, write=write)
            return exists().where(table.c.id == of, table.c.org_id == org_id, seen).correlate_except(table)
    return None
