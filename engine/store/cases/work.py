"""The work items of cases: how they stand, and the one that is made for a routed case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from engine.errors import NotFound
from engine.model.case import Case
from engine.model.case_work import CaseStanding, is_own
from engine.model.work import WorkItem
from engine.store.access import Access
from engine.store.cases.tables import case_events, cases, milestones
from engine.store.cases.writes import add_event, lock_case
from engine.store.conditions import HAS_REQUEST_KEY, ITEM_OPEN
from engine.store.customers.tables import contacts
from engine.store.direct import every, first, scalar
from engine.store.new_items import row_of_item
from engine.store.rows import AnyRow, case_of, item_of
from engine.store.tables import assignments, work_items
from engine.store.upsert import change, insert

Made = WorkItem | None

_CASE = select(cases).where(cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org"))
_ITEMS: Select[Any] = (
    select(work_items)
    .where(
        work_items.c.org_id == bindparam("org"),
        work_items.c.case_id == bindparam("case"),
        work_items.c.case_id != literal_column("''"),
        ITEM_OPEN,
        work_items.c.state != literal_column("'wrapup'"),
    )
    .order_by(work_items.c.id)
)
_REQUESTED: Select[Any] = select(work_items).where(
    work_items.c.org_id == bindparam("org"), work_items.c.request_key == bindparam("key"), HAS_REQUEST_KEY
)
_NAME = select(contacts.c.name).where(contacts.c.id == bindparam("contact"), contacts.c.org_id == bindparam("org"))
_LAST_OWNER: Select[Any] = (
    select(case_events.c.actor_id, case_events.c.at_ms)
    .where(case_events.c.case_id == bindparam("case"), case_events.c.kind == literal_column("'owner'"))
    .order_by(case_events.c.number.desc())
    .limit(1)
)
_IN_HAND: Select[Any] = select(work_items.c.id).where(
    work_items.c.id == bindparam("item"),
    work_items.c.org_id == bindparam("org"),
    work_items.c.state == literal_column("'active'"),
)
_HAD: Select[Any] = (
    select(assignments.c.number)
    .where(assignments.c.item_id == bindparam("item"), assignments.c.agent_id == bindparam("agent"))
    .limit(1)
)
_DUE = select(func.min(milestones.c.due_ms)).where(
    milestones.c.case_id == bindparam("case"), milestones.c.state == "running", milestones.c.due_ms > 0
)


class CaseItems:
    """Read and make the work items of cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def standing(self, org_id: str, case_id: str) -> CaseStanding:
        """Return how a case and its work stand; raise NotFound."""
        now_ms = self._access.clock.now_ms()

        def work(conn: Connection) -> CaseStanding:
            row = first(conn, _CASE, {"case": case_id, "org": org_id})
            if row is None:
                raise NotFound(f"there is no case {case_id}", slug="unknown-case")
            return _standing(conn, case_of(row), now_ms)

        return await self._access.read(work)

    async def make(
        self, org_id: str, case_id: str, build: Callable[[CaseStanding], Made], *, request: str, now_ms: int
    ) -> Made:
        """Keep the pending item that ``build`` wants of the locked case, unless the case has work that is not over.

        Returns the item that ``request`` makes or has made before, None when there is none. Raises NotFound.
        """
        return await self._access.write(
            org_id, lambda conn: self._make(conn, (org_id, case_id), build, request=request, now_ms=now_ms)
        )

    async def name(self, org_id: str, case_id: str, *, now_ms: int) -> None:
        """Let the case name the item that is its own work, or none. Idempotent."""

        def work(conn: Connection) -> None:
            row = lock_case(conn, org_id, case_id)
            if row is not None:
                own = _standing(conn, case_of(row), now_ms).own
                _name(conn, row, own[0].id if own else "")

        await self._access.write(org_id, work)

    def _make(
        self,
        conn: Connection,
        where: tuple[str, str],
        build: Callable[[CaseStanding], Made],
        *,
        request: str,
        now_ms: int,
    ) -> Made:
        row = lock_case(conn, *where)
        if row is None:
            raise NotFound(f"there is no case {where[1]}", slug="unknown-case")
        before = first(conn, _REQUESTED, {"org": where[0], "key": request})
        if before is not None:
            return item_of(before, now_ms)
        standing = _standing(conn, case_of(row), now_ms)
        item = None if standing.own or standing.talks else build(standing)
        if item is None:
            return None
        insert(conn, work_items, row_of_item(item, rules=(), request_key=request))
        _name(conn, row, item.id)
        data = {"item_id": item.id, "queue": item.queue}
        add_event(
            conn,
            standing.case,
            kind="routed",
            data=data,
            new_id=self._access.new_id,
            actor_id="",
            now_ms=now_ms,
        )
        return item


def _standing(conn: Connection, case: Case, now_ms: int) -> CaseStanding:
    of = {"case": case.id, "org": case.org_id}
    return CaseStanding(
        case=case,
        items=tuple(item_of(row, now_ms) for row in every(conn, _ITEMS, of)),
        customer=scalar(conn, _NAME, {"contact": case.contact_id, "org": case.org_id}) or "",
        due_ms=scalar(conn, _DUE, {"case": case.id}) or 0,
    )


def _name(conn: Connection, row: AnyRow, item_id: str) -> None:
    """Note which item it is; no news to who edits the case, so its version stays."""
    if row.item_id != item_id:
        change(conn, cases, {"id": row.id}, {"item_id": item_id})


def own_item_over(conn: Connection, item: AnyRow) -> None:
    """Let the case of an item that is over no longer name it. Idempotent."""
    if not item.case_id or not is_own(item_of(item, 0)):
        return
    row = lock_case(conn, item.org_id, item.case_id)
    if row is not None and row.item_id == item.id:
        _name(conn, row, "")


def own_item_taken(conn: Connection, item: AnyRow) -> None:
    """Let the case of an item that an agent takes name it, so that both stay in step. Idempotent.

    Not while another agent has the item that it names: then this one is about to be absorbed.
    """
    row = lock_case(conn, item.org_id, item.case_id) if item.case_id and is_own(item_of(item, 0)) else None
    if row is not None and not _another_in_hand(conn, row, item):
        _name(conn, row, item.id)


def owner_stands(conn: Connection, item: AnyRow) -> bool:
    """Say whether who accepts an item leaves the owner of its case as it is.

    A conversation never takes a case from its owner. Work on the case itself does, unless another agent has such work
    in hand, or a person has made somebody the owner since the item was made, and that one has not had the item yet: it
    is on its way to him.
    """
    of = {"case": item.case_id, "org": item.org_id}
    row = first(conn, _CASE, of) if item.case_id and is_own(item_of(item, 0)) else None
    if row is None or _another_in_hand(conn, row, item):
        return True
    last = first(conn, _LAST_OWNER, of)
    if last is None or not last.actor_id or last.at_ms < item.created_ms:
        return False
    return first(conn, _HAD, {"item": item.id, "agent": row.owner_id}) is None


def _another_in_hand(conn: Connection, case: AnyRow, item: AnyRow) -> bool:
    if case.item_id in ("", item.id):
        return False
    return first(conn, _IN_HAND, {"item": case.item_id, "org": case.org_id}) is not None
