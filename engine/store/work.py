"""Work items as the record knows them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from engine.errors import NotFound
from engine.model.work import Plan, WorkItem, WorkState
from engine.store.access import Access
from engine.store.conditions import ITEM_OPEN, ITEM_PENDING
from engine.store.direct import first, run
from engine.store.json_text import dump
from engine.store.rows import item_of
from engine.store.tables import work_items

WorkItems = list[WorkItem]

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


class Work:
    """Find work items; keep their disposition. Their state is changed by routing events alone."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        values = {"item": item_id, "org": org_id}
        row = await self._access.read(lambda conn: first(conn, _ITEM, values))
        if row is None:
            raise NotFound(f"there is no work item {item_id}", slug="unknown-item")
        return item_of(row, self._access.clock.now_ms())

    async def for_interaction(self, org_id: str, interaction_id: str) -> WorkItem | None:
        """Return the interaction's open work item."""
        values = {"iid": interaction_id, "org": org_id}
        row = await self._access.read(lambda conn: first(conn, _OF_INTERACTION, values))
        return None if row is None else item_of(row, self._access.clock.now_ms())

    async def open_items(self, org_id: str) -> WorkItems:
        """Return all items that are not closed, oldest first, each with the age it has by now."""
        query = select(work_items).where(work_items.c.org_id == org_id, ITEM_OPEN).order_by(work_items.c.id)
        now_ms = self._access.clock.now_ms()
        return await self._access.read(lambda conn: [item_of(row, now_ms) for row in conn.execute(query)])

    async def list(
        self,
        org_id: str,
        *,
        state: str | None = None,
        queue: str | None = None,
        limit: int = 100,
        before_id: str | None = None,
    ) -> WorkItems:
        """Return items, newest first, ``before_id`` exclusive."""
        query = select(work_items).where(work_items.c.org_id == org_id)
        if state:
            query = query.where(work_items.c.state == state)
        if queue:
            query = query.where(work_items.c.queue == queue)
        if before_id:
            query = query.where(work_items.c.id < before_id)
        query = query.order_by(work_items.c.id.desc()).limit(limit)
        now_ms = self._access.clock.now_ms()
        return await self._access.read(lambda conn: [item_of(row, now_ms) for row in conn.execute(query)])

    async def reclassify(self, org_id: str, item_id: str, plan: Plan) -> WorkItem | None:
        """Give a pending item another queue, requirement and priority; None when it is pending no more."""
        change = (
            update(work_items)
            .where(work_items.c.id == item_id, work_items.c.org_id == org_id, ITEM_PENDING)
            .values(queue=plan.queue, requirement=dump(plan.requirement.skills), priority=plan.priority)
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

    async def set_disposition(self, org_id: str, item_id: str, *, disposition: str, note: str, now_ms: int) -> None:
        """Keep the outcome code of an item's wrap-up; the last one counts. Raises NotFound."""
        del now_ms  # the event that closes the wrap-up carries the time
        values = {"item": item_id, "org": org_id, "code": disposition, "words": note}
        if await self._access.write(org_id, lambda conn: run(conn, _DISPOSE, values).rowcount) == 0:
            raise NotFound(f"there is no work item {item_id}", slug="unknown-item")
