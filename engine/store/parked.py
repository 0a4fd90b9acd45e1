"""Parked work whose customer has written again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, exists, select

from engine.model.conversation import Author, EntryKind
from engine.model.work import WorkItem
from engine.store.access import Access
from engine.store.conditions import INTERACTION_OPEN, ITEM_PARKED
from engine.store.direct import every
from engine.store.rows import item_of
from engine.store.tables import entries, interactions, work_items

_WROTE = exists().where(
    entries.c.interaction_id == work_items.c.interaction_id,
    entries.c.seq > work_items.c.parked_seq,
    entries.c.author == Author.VISITOR.value,
    entries.c.kind == EntryKind.MESSAGE.value,
)
_RETURNED: Select[Any] = (
    select(work_items)
    .join(interactions, interactions.c.id == work_items.c.interaction_id)
    .where(
        ITEM_PARKED,
        work_items.c.id > bindparam("after"),
        INTERACTION_OPEN,
        interactions.c.last_seq > work_items.c.parked_seq,
        _WROTE,
    )
    .order_by(work_items.c.id)
    .limit(bindparam("most"))
)


class Parked:
    """Find parked work that waits no longer."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def returned(self, *, limit: int, after: str = "") -> list[WorkItem]:
        """Return parked items of all organisations to which the customer has added a message since, by id.

        ``after``: only those behind this id.
        """
        now_ms, values = self._access.clock.now_ms(), {"after": after, "most": limit}
        return await self._access.read(lambda conn: [item_of(row, now_ms) for row in every(conn, _RETURNED, values)])
