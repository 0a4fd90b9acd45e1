"""New work items as rows: one at a time with a conversation, or many that another system hands in, each once.

Two unique indexes make handing in again harmless: a request's own key tells that this very request made the item, the
other system's reference that it is known. Whoever comes second is told which item it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, literal_column, select

from engine.model.casework import SignalKind
from engine.model.record import Added, NewWork
from engine.model.work import WorkItem
from engine.store.cases.tables import case_signals, cases
from engine.store.conditions import HAS_REFERENCE, HAS_REQUEST_KEY
from engine.store.customers.tables import contacts
from engine.store.direct import first
from engine.store.json_text import dump
from engine.store.rows import item_of
from engine.store.tables import users, work_items
from engine.store.upsert import insert, insert_once

_OF_ORGANISATION = select(work_items).where(work_items.c.org_id == bindparam("org"))
_OF_REQUEST = _OF_ORGANISATION.where(work_items.c.request_key == bindparam("key"), HAS_REQUEST_KEY)
_OF_REFERENCE = _OF_ORGANISATION.where(work_items.c.reference == bindparam("key"), HAS_REFERENCE)
_WATCHED = select(cases.c.id).where(
    cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org"), cases.c.watched == literal_column("1")
)
EMAIL = "email"


def row_of_item(item: WorkItem, *, rules: tuple[str, ...], request_key: str = "") -> dict[str, object]:
    """Write a new work item as a row."""
    return {
        "id": item.id,
        "org_id": item.org_id,
        "kind": item.kind,
        "queue": item.queue,
        "requirement": dump(item.requirement.skills),
        "rules": dump(list(rules)),
        "priority": item.priority,
        "interaction_id": item.interaction_id,
        "case_id": item.case_id,
        "created_ms": item.created_ms,
        "state": item.state.value,
        "agent_id": item.agent_id,
        "assignment": item.assignment,
        "epoch": 0,
        "event_seq": 0,
        "waited_ms": item.age_ms,
        "waiting_since_ms": 0,
        "segment_ms": item.age_ms,
        "parked_seq": 0,
        "closed_ms": 0,
        "outcome": "",
        "disposition": "",
        "note": "",
        "weight": item.weight,
        "preferred": dump(item.preferred),
        "preferred_agent": item.preferred_agent,
        "preferred_required": int(item.preferred_required),
        "due_ms": item.due_ms,
        "not_before_ms": item.not_before_ms,
        "parent_id": item.parent_id,
        "attributes": dump(item.attributes),
        "reference": item.reference,
        "contact_id": item.contact_id,
        "request_key": request_key,
    }


def add_items(conn: Connection, org_id: str, new: Sequence[NewWork], now_ms: int) -> list[Added]:
    """Insert each item that refers to nothing unknown and was not handed in before."""
    known = _Known(conn, org_id, [one.item for one in new])
    return [_add(conn, one, known.fault(one.item), now_ms) for one in new]


def _add(conn: Connection, new: NewWork, fault: str, now_ms: int) -> Added:
    if fault:
        return Added(item=new.item, fault=fault)
    if insert_once(conn, work_items, row_of_item(new.item, rules=new.rules, request_key=new.request_key)):
        _tell_clerk(conn, new.item, now_ms)
        return Added(item=new.item)
    if new.request_key:
        before = first(conn, _OF_REQUEST, {"org": new.item.org_id, "key": new.request_key})
        if before is not None:
            return Added(item=item_of(before, now_ms), repeated=True)
    before = first(conn, _OF_REFERENCE, {"org": new.item.org_id, "key": new.item.reference})
    if before is None:
        raise RuntimeError("what was refused as a duplicate is not there")
    return Added(item=item_of(before, now_ms), fault="reference-taken")


def _tell_clerk(conn: Connection, item: WorkItem, now_ms: int) -> None:
    """Leave word for the clerk of a watched case that there is work of it: a mail is what its customer wrote."""
    if item.case_id and first(conn, _WATCHED, {"case": item.case_id, "org": item.org_id}) is not None:
        row = {
            "id": item.id,
            "org_id": item.org_id,
            "case_id": item.case_id,
            "kind": (SignalKind.MESSAGE if item.kind == EMAIL else SignalKind.CHANGED).value,
            "at_ms": now_ms,
            "data": dump({"item_id": item.id}),
        }
        insert(conn, case_signals, row)


class _Known:
    """Which of the rows that items refer to are there."""

    def __init__(self, conn: Connection, org_id: str, items: Sequence[WorkItem]) -> None:
        self._cases = _present(conn, org_id, cases, (item.case_id for item in items))
        self._contacts = _present(conn, org_id, contacts, (item.contact_id for item in items))
        self._users = _present(conn, org_id, users, (item.preferred_agent for item in items))
        self._parents = _present(conn, org_id, work_items, (item.parent_id for item in items))

    def fault(self, item: WorkItem) -> str:
        """Return the slug of what ``item`` refers to and is not there; "" when all is."""
        if item.case_id and item.case_id not in self._cases:
            return "unknown-case"
        if item.contact_id and item.contact_id not in self._contacts:
            return "unknown-contact"
        if item.parent_id and item.parent_id not in self._parents:
            return "unknown-parent"
        if item.preferred_agent and item.preferred_agent not in self._users:
            return "unknown-user"
        return ""


def _present(conn: Connection, org_id: str, table: Table, ids: Iterable[str]) -> frozenset[str]:
    wanted = {one for one in ids if one}
    if not wanted:
        return frozenset()
    query: Select[Any] = select(table.c.id).where(table.c.org_id == org_id, table.c.id.in_(sorted(wanted)))
    return frozenset(conn.execute(query).scalars())
