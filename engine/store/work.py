"""Work items as the record knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, literal_column, select, update

from engine.errors import NotFound
from engine.model.record import Added, NewWork, Waiting
from engine.model.visibility import EVERYTHING, Sight
from engine.model.work import Plan, WorkItem, WorkState
from engine.store.access import Access
from engine.store.cases.sight import items_seen
from engine.store.conditions import HAS_REQUEST_KEY, ITEM_OPEN, ITEM_PENDING
from engine.store.customers.tables import contacts
from engine.store.direct import first, run
from engine.store.json_text import dump
from engine.store.new_items import add_items
from engine.store.rows import item_of
from engine.store.tables import interactions, work_items

WorkItems = list[WorkItem]
WaitingItems = list[Waiting]
Additions = list[Added]

FILTERS = frozenset({"kind", "reference", "case_id", "contact_id", "parent_id"})
"""What lists may ask for beside state and queue."""
_ANY: Mapping[str, str] = {}

REQUEST_KEPT_MS = 86_400_000
"""As long as the answers kept by idempotency key."""

_ITEM = select(work_items).where(work_items.c.id == bindparam("item"), work_items.c.org_id == bindparam("org"))
_OF_INTERACTION = (
    select(work_items)
    .where(work_items.c.interaction_id == bindparam("iid"), work_items.c.org_id == bindparam("org"), ITEM_OPEN)
    .order_by(work_items.c.id.desc())
    .limit(1)
)
_DISPOSE = (
    update(work_items)
    .where(work_items.c.id == bindparam("item"), work_items.c.org_id == bindparam("org"))
    .values(disposition=bindparam("code"), note=bindparam("words"))
)
_REFUSE = (
    update(work_items)
    .where(work_items.c.id == bindparam("item"), work_items.c.org_id == bindparam("org"), ITEM_PENDING)
    .values(state=WorkState.CLOSED.value, outcome=bindparam("why"), closed_ms=bindparam("now"))
)


class Work:
    """Keep new work items, find them, keep their disposition. Routing events alone change their state."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        values = {"item": item_id, "org": org_id}
        row = await self._access.look(lambda conn: first(conn, _ITEM, values))
        if row is None:
            raise NotFound(f"there is no work item {item_id}", slug="unknown-item")
        return item_of(row, self._access.clock.now_ms())

    async def for_interaction(self, org_id: str, interaction_id: str) -> WorkItem | None:
        """Return the interaction's open work item; None for work without one."""
        if not interaction_id:
            return None
        values = {"iid": interaction_id, "org": org_id}
        row = await self._access.look(lambda conn: first(conn, _OF_INTERACTION, values))
        return None if row is None else item_of(row, self._access.clock.now_ms())

    async def open_items(self, org_id: str) -> WorkItems:
        """Return all items that are not closed, oldest first, each with the age it has by now."""
        query = select(work_items).where(work_items.c.org_id == org_id, ITEM_OPEN).order_by(work_items.c.id)
        now_ms = self._access.clock.now_ms()
        return await self._access.read(lambda conn: [item_of(row, now_ms) for row in conn.execute(query)])

    async def add(self, org_id: str, new: Sequence[NewWork]) -> Additions:
        """Keep pending items that other systems hand in, in one transaction; idempotent by their request keys.

        What is wrong with one (``fault``) holds up none of the others. Hand in some hundred at once, at most.
        """
        now_ms = self._access.clock.now_ms()
        return await self._access.write(org_id, lambda conn: add_items(conn, org_id, new, now_ms))

    async def refuse(self, org_id: str, whys: Mapping[str, str], *, now_ms: int) -> int:
        """Close pending items that the board will not have: item id → why. Idempotent.

        Returns how many were pending still.
        """
        values = [{"item": item_id, "org": org_id, "why": why, "now": now_ms} for item_id, why in whys.items()]
        return await self._access.write(org_id, lambda conn: sum(run(conn, _REFUSE, row).rowcount for row in values))

    async def list(
        self,
        org_id: str,
        *,
        state: str | None = None,
        queue: str | None = None,
        wanted: Mapping[str, str] = _ANY,
        limit: int = 100,
        before_id: str | None = None,
        sight: Sight = EVERYTHING,
    ) -> WorkItems:
        """Return items, newest first, ``before_id`` exclusive; ``wanted``: values of columns in ``FILTERS``."""
        query = select(work_items).where(work_items.c.org_id == org_id)
        for name, value in {"state": state, "queue": queue, **wanted}.items():
            if value:
                query = query.where(work_items.c[name] == value)
            if value and name in FILTERS:
                query = query.where(work_items.c[name] != literal_column("''"))  # as its partial index spells it
        if not sight.everything:
            query = query.where(items_seen(org_id, sight))
        if before_id:
            query = query.where(work_items.c.id < before_id)
        query = query.order_by(work_items.c.id.desc()).limit(limit)
        now_ms = self._access.clock.now_ms()
        return await self._access.read(lambda conn: [item_of(row, now_ms) for row in conn.execute(query)])

    async def purge(self, now_ms: int) -> int:
        """Forget which requests made items a day ago and before; return of how many."""
        forget = (
            update(work_items)
            .where(HAS_REQUEST_KEY, work_items.c.created_ms < now_ms - REQUEST_KEPT_MS)
            .values(request_key="")
        )
        return await self._access.execute("", forget)

    async def reclassify(self, org_id: str, item_id: str, plan: Plan) -> WorkItem | None:
        """Give a pending item another queue, requirement and priority; None when it is pending no more."""
        values = {"requirement": dump(plan.requirement.skills), "preferred": dump(plan.preferred)}
        change = (
            update(work_items)
            .where(work_items.c.id == item_id, work_items.c.org_id == org_id, ITEM_PENDING)
            .values(queue=plan.queue, priority=plan.priority, **values)
        )
        if await self._access.execute(org_id, change) == 0:
            return None
        return await self.get(org_id, item_id)

    async def waiting_outside(self, org_id: str, queues: Sequence[str], *, limit: int) -> WorkItems:
        """Return items that wait on the board in another queue than these, oldest first."""
        query = (
            select(work_items)
            .where(
                work_items.c.org_id == org_id,
                work_items.c.state == WorkState.QUEUED.value,
                work_items.c.queue.not_in(queues),
            )
            .order_by(work_items.c.id)
            .limit(limit)
        )
        now_ms = self._access.clock.now_ms()
        return await self._access.read(lambda conn: [item_of(row, now_ms) for row in conn.execute(query)])

    async def waiting(self, org_id: str, queues: Sequence[str], *, limit: int) -> WaitingItems:
        """Return the oldest items that wait on the board in these queues, each with who waits and for what."""
        query = (
            select(work_items, contacts.c.name.label("contact_name"), interactions.c.topic)
            .outerjoin(interactions, interactions.c.id == work_items.c.interaction_id)
            .outerjoin(contacts, contacts.c.id == func.coalesce(interactions.c.contact_id, work_items.c.contact_id))
            .where(
                work_items.c.org_id == org_id,
                work_items.c.state == WorkState.QUEUED.value,
                work_items.c.queue.in_(queues),
            )
            .order_by(work_items.c.id)
            .limit(limit)
        )
        now_ms = self._access.clock.now_ms()
        return await self._access.read(
            lambda conn: [
                Waiting(item=item_of(row, now_ms), contact_name=row.contact_name or "", topic=row.topic or "")
                for row in conn.execute(query)
            ]
        )

    async def set_disposition(self, org_id: str, item_id: str, *, disposition: str, note: str, now_ms: int) -> None:
        """Keep the outcome code of an item's wrap-up; the last one counts. Raises NotFound."""
        del now_ms  # the event that closes the wrap-up carries the time
        values = {"item": item_id, "org": org_id, "code": disposition, "words": note}
        if await self._access.write(org_id, lambda conn: run(conn, _DISPOSE, values).rowcount) == 0:
            raise NotFound(f"there is no work item {item_id}", slug="unknown-item")
