"""What somebody may do with one thing, and which of several he sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, literal_column, or_, select, true

from engine.model.visibility import Guarded, Right, Sight
from engine.store.access import Access
from engine.store.calls.tables import calls
from engine.store.cases.sight import Condition, approvals_seen, case_is_seen, cases_seen, interactions_seen, items_seen
from engine.store.cases.tables import activities, approvals, attachments, cases
from engine.store.customers.sight import accounts_seen, contacts_seen, things_seen
from engine.store.customers.tables import (
    account_relations,
    accounts,
    assets,
    contacts,
    contracts,
    entitlements,
    leads,
    orders,
)
from engine.store.mail.tables import mails
from engine.store.tables import interactions, work_items

Seen = Callable[[str, Sight, bool], Condition]
MOST_HOPS = 20
"""Merges that are followed."""
_NOTHING: ColumnElement[str] = literal_column("''")


def _attachments_seen(org_id: str, sight: Sight, write: bool) -> Condition:  # noqa: FBT001 -- as the others below
    file = attachments.c
    of_case = case_is_seen(org_id, sight, file.case_id, write=write)
    talk = interactions_seen(org_id, sight, write=write)
    of_talk = exists().where(interactions.c.id == file.interaction_id, interactions.c.org_id == org_id, talk)
    of_talk = of_talk.correlate_except(interactions)
    return or_(and_(file.case_id != _NOTHING, of_case), and_(file.interaction_id != _NOTHING, of_talk))


def _mails_seen(org_id: str, sight: Sight, write: bool) -> Condition:  # noqa: FBT001 -- as the others below
    """Follow the case; where all see all cases, the routes keep mails of no case from agents."""
    if sight.all_cases:
        return true()
    mail = mails.c
    return and_(mail.case_id != _NOTHING, case_is_seen(org_id, sight, mail.case_id, write=write))


def _calls_seen(org_id: str, sight: Sight, write: bool) -> Condition:  # noqa: FBT001 -- as the others
    """Follow the conversation; where all see all cases, the routes keep calls of none from agents."""
    if sight.all_cases:
        return true()
    talk = interactions_seen(org_id, sight, write=write)
    seen = exists().where(interactions.c.id == calls.c.interaction_id, interactions.c.org_id == org_id, talk)
    return and_(calls.c.interaction_id != _NOTHING, seen.correlate_except(interactions))


def _things(table: Table) -> tuple[Table, Seen]:
    return table, lambda org_id, sight, write: things_seen(table, org_id, sight, write=write)


_SEEN: Mapping[Guarded, tuple[Table, Seen]] = {
    Guarded.CASE: (cases, lambda org, sight, write: cases_seen(org, sight, write=write)),
    Guarded.CONTACT: (contacts, lambda org, sight, write: contacts_seen(org, sight, write=write)),
    Guarded.ACCOUNT: (accounts, lambda org, sight, write: accounts_seen(org, sight, write=write)),
    Guarded.INTERACTION: (interactions, lambda org, sight, write: interactions_seen(org, sight, write=write)),
    Guarded.ITEM: (work_items, lambda org, sight, write: items_seen(org, sight, write=write)),
    Guarded.ATTACHMENT: (attachments, _attachments_seen),
    Guarded.RELATION: _things(account_relations),
    Guarded.ASSET: _things(assets),
    Guarded.ORDER: _things(orders),
    Guarded.CONTRACT: _things(contracts),
    Guarded.ENTITLEMENT: _things(entitlements),
    Guarded.LEAD: _things(leads),
    Guarded.ACTIVITY: _things(activities),
    Guarded.MAIL: (mails, _mails_seen),
    Guarded.CALL: (calls, _calls_seen),
    Guarded.APPROVAL: (approvals, lambda org, sight, write: approvals_seen(org, sight, write=write)),
}


class Sights:
    """Tell what somebody may do. Every method is one read transaction."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def right(self, org_id: str, sight: Sight, what: Guarded, of_id: str) -> Right | None:
        """Return what somebody may do with one thing; None: it is not there, for him at least."""
        return await self._access.read(lambda conn: _right(conn, org_id, sight, (what, of_id)))

    async def among(self, org_id: str, sight: Sight, what: Guarded, ids: Iterable[str]) -> frozenset[str]:
        """Return which of these somebody sees; a few hundred at most."""
        wanted = sorted(set(ids))
        if sight.everything or not wanted:
            return frozenset(wanted)
        table, seen = _SEEN[what]
        query = select(table.c.id).where(table.c.id.in_(wanted), table.c.org_id == org_id, seen(org_id, sight, False))
        return await self._access.read(lambda conn: frozenset(conn.scalars(query)))


def _right(conn: Connection, org_id: str, sight: Sight, thing: tuple[Guarded, str]) -> Right | None:
    what, of_id = thing
    table, seen = _SEEN[what]
    if "merged_into" in table.c:
        of_id = _present(conn, org_id, table, of_id)
    query = select(seen(org_id, sight, True)).where(table.c.id == of_id, table.c.org_id == org_id)
    query = query.where(seen(org_id, sight, False)).select_from(table)
    writes: bool | None = conn.execute(query).scalar()
    return None if writes is None else Right.WRITE if writes else Right.READ


def _present(conn: Connection, org_id: str, table: Table, of_id: str) -> str:
    """Return who took the place of somebody that was merged."""
    for _ in range(MOST_HOPS):
        query = select(table.c.merged_into).where(table.c.id == of_id, table.c.org_id == org_id)
        after: str | None = conn.execute(query).scalar()
        if not after:
            break
        of_id = after
    return of_id
