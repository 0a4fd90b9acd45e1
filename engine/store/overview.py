"""What stands beside an interaction, read with one statement: each more wakes a thread that must wait for its turn."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, select

from engine.errors import NotFound
from engine.model.record import Overview
from engine.store.cases.tables import cases
from engine.store.conditions import ITEM_OPEN
from engine.store.customers.tables import contacts
from engine.store.direct import beside
from engine.store.rows import case_of, contact_of, interaction_of, item_of
from engine.store.tables import interactions, work_items

_NEWEST_ITEM: Select[Any] = (
    select(work_items)
    .where(work_items.c.interaction_id == bindparam("iid"), work_items.c.org_id == bindparam("org"))
    .order_by(work_items.c.id.desc())
    .limit(1)
)
_OPEN_ITEM = _NEWEST_ITEM.where(ITEM_OPEN)
_OVERVIEW: Select[Any] = (
    select(interactions, contacts, cases, work_items)
    .outerjoin(contacts, and_(contacts.c.id == interactions.c.contact_id, contacts.c.org_id == interactions.c.org_id))
    .outerjoin(cases, and_(cases.c.id == interactions.c.case_id, cases.c.org_id == interactions.c.org_id))
    .outerjoin(
        work_items,
        work_items.c.id
        == func.coalesce(
            _OPEN_ITEM.with_only_columns(work_items.c.id).scalar_subquery(),
            _NEWEST_ITEM.with_only_columns(work_items.c.id).scalar_subquery(),
        ),
    )
    .where(interactions.c.id == bindparam("iid"), interactions.c.org_id == bindparam("org"))
)


def overview_of(conn: Connection, org_id: str, interaction_id: str, now_ms: int) -> Overview:
    """Return what stands beside an interaction; raise NotFound."""
    values = {"iid": interaction_id, "org": org_id}
    found = beside(conn, _OVERVIEW, values, interactions, contacts, cases, work_items)
    interaction, contact, case, item = found or (None, None, None, None)
    if interaction is None:
        raise NotFound(f"there is no interaction {interaction_id}", slug="unknown-interaction")
    return Overview(
        interaction=interaction_of(interaction),
        contact=None if contact is None else contact_of(contact),
        case=None if case is None else case_of(case),
        item=None if item is None else item_of(item, now_ms),
    )
