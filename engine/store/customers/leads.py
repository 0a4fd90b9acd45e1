"""Leads: kept in one transaction with the work item that brings them to sales.

The work item is pending before it is put on the board, so whatever a crash cuts off the sweep goes on with. The same
``client_id`` of the same writer on the same case is the same lead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy import Connection, bindparam, literal_column, select

from engine.errors import Conflict
from engine.model.case import Case
from engine.model.record import NewWork
from engine.model.service import LEAD_CHANGES, Lead, LeadKind, LeadStatus
from engine.store.access import Access
from engine.store.cases.writes import add_event, writable_case
from engine.store.customers.kept import Kept, Shape, plain_org
from engine.store.customers.tables import leads
from engine.store.direct import first
from engine.store.new_items import add_items
from engine.store.rows import case_of
from engine.store.upsert import change, insert

LEAD = Shape(
    noun=Lead,
    table=leads,
    word="lead",
    enums={"kind": LeadKind, "status": LeadStatus},
    filters=frozenset({"account_id", "contact_id", "case_id", "status", "owner_id"}),
)
KIND = "lead"
"""Kind of the work items that bring leads to sales."""

_KNOWN = select(leads).where(
    leads.c.case_id == bindparam("case"),
    leads.c.created_by == bindparam("by"),
    leads.c.client_id == bindparam("client"),
    leads.c.client_id != literal_column("''"),
)
_OF_ITEM = (
    select(leads)
    .where(
        leads.c.item_id == bindparam("item"),
        leads.c.item_id != literal_column("''"),
        plain_org(leads) == bindparam("org"),
    )
    .with_for_update()
)


class Leads(Kept[Lead]):
    """Keep leads."""

    def __init__(self, *, access: Access) -> None:
        super().__init__(access=access, shape=LEAD)

    async def hand_over(self, lead: Lead, work: Callable[[Case, Lead], NewWork]) -> tuple[Lead, NewWork | None]:
        """Keep a lead of a case with its context, the work item for it, and a line in the case's history.

        ``work`` makes the item, and may be called again. Idempotent by the writer's ``client_id``: then the lead there
        is, and no new work. Raises NotFound (``unknown-case``).
        """
        new_id = self._access.new_id

        def write(conn: Connection) -> tuple[Lead, NewWork | None]:
            row = writable_case(conn, lead.org_id, lead.case_id)
            known = first(conn, _KNOWN, {"case": lead.case_id, "by": lead.created_by, "client": lead.client_id})
            if known is not None:
                return LEAD.read(known), None
            case = case_of(row)
            new = work(case, lead)
            kept = replace(lead, contact_id=case.contact_id, account_id=case.account_id, item_id=new.item.id)
            insert(conn, leads, LEAD.row(kept))
            (added,) = add_items(conn, lead.org_id, [new], lead.created_ms)
            if added.fault or added.repeated:
                raise RuntimeError(f"the lead's work item was not kept: {added.fault}")
            told = {"lead_id": kept.id, "lead_kind": kept.kind.value, "subject": kept.subject}
            add_event(
                conn, case, kind="lead", data=told, new_id=new_id, actor_id=kept.created_by, now_ms=kept.created_ms
            )
            return kept, new

        return await self._access.write(lead.org_id, write)

    async def move(
        self, org_id: str, lead_id: str, *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> Lead:
        """Change a lead under its version; raise NotFound, Conflict (``stale-version``, ``illegal-status``)."""

        def write(conn: Connection) -> Lead:
            row = self._there(self._find(conn, org_id, lead_id, lock=True), lead_id)
            wanted = changes.get("status")
            if row.version == version and isinstance(wanted, LeadStatus):
                _check_status(LeadStatus(row.status), wanted)
            return self._change(conn, (org_id, lead_id), version=version, changes=changes, now_ms=now_ms)

        return await self._access.write(org_id, write)


def take_lead(conn: Connection, org_id: str, item_id: str, *, agent_id: str, now_ms: int) -> None:
    """Let whoever accepts a lead's work item own the lead. Idempotent; a lead that is over stays as it is."""
    row = first(conn, _OF_ITEM, {"item": item_id, "org": org_id})
    if row is None or row.status not in (LeadStatus.NEW.value, LeadStatus.ACCEPTED.value):
        return
    if (row.owner_id, row.status) == (agent_id, LeadStatus.ACCEPTED.value):
        return
    values = {"owner_id": agent_id, "status": LeadStatus.ACCEPTED.value}
    change(conn, leads, {"id": row.id}, {**values, "version": row.version + 1, "updated_ms": now_ms})


def _check_status(before: LeadStatus, after: LeadStatus) -> None:
    if after is not before and after not in LEAD_CHANGES[before]:
        raise Conflict(f"a lead cannot go from {before.value} to {after.value}", slug="illegal-status")
