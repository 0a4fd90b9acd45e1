"""Routing history as it is handed to other systems: complete, in order, and only what is committed for good.

Commands write their events before the projector brings the earlier ones, so that rows appear out of order. Up to the
projector's cursor there is no gap; of an epoch that is over, all rows count, and none is added any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from engine.model.outside import Place, ToldEvent
from engine.store.access import Access
from engine.store.direct import every, first, scalar
from engine.store.rows import AnyRow, event_of
from engine.store.tables import routing_events, routing_marks, work_items

_MARK = select(routing_marks.c.epoch, routing_marks.c.seq).where(routing_marks.c.org_id == bindparam("org"))
_PAGE = (
    select(routing_events)
    .where(
        routing_events.c.org_id == bindparam("org"),
        routing_events.c.epoch == bindparam("of_epoch"),
        routing_events.c.seq > bindparam("low"),
        routing_events.c.seq <= bindparam("high"),
    )
    .order_by(routing_events.c.seq)
    .limit(bindparam("most"))
)
_NEXT_EPOCH = select(func.min(routing_events.c.epoch)).where(
    routing_events.c.org_id == bindparam("org"), routing_events.c.epoch > bindparam("of_epoch")
)
NO_END = 2**62


class Told:
    """Read routing history for other systems."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def place(self, org_id: str) -> Place:
        """Return where the history ends for now."""
        return await self._access.look(lambda conn: _mark(conn, org_id))

    async def places(self, org_ids: Sequence[str]) -> dict[str, Place]:
        """Return where each organisation's history ends for now."""
        query = select(routing_marks).where(routing_marks.c.org_id.in_(org_ids))
        return await self._access.read(lambda conn: {row.org_id: (row.epoch, row.seq) for row in conn.execute(query)})

    async def after(self, org_id: str, place: Place, *, limit: int) -> list[ToldEvent]:
        """Return up to ``limit`` events after ``place``, in order, without a gap."""
        return await self._access.read(lambda conn: _after(conn, org_id, place, limit))


def _mark(conn: Connection, org_id: str) -> Place:
    row = first(conn, _MARK, {"org": org_id})
    return (0, 0) if row is None else (row.epoch, row.seq)


def _after(conn: Connection, org_id: str, place: Place, limit: int) -> list[ToldEvent]:
    end = _mark(conn, org_id)
    (epoch, seq), found = place, list[AnyRow]()
    while (epoch, seq) < end and len(found) < limit:
        high = end[1] if epoch == end[0] else NO_END
        values = {"org": org_id, "of_epoch": epoch, "low": seq, "high": high, "most": limit - len(found)}
        found += every(conn, _PAGE, values)
        if len(found) < limit:
            epoch, seq = scalar(conn, _NEXT_EPOCH, {"org": org_id, "of_epoch": epoch}) or NO_END, 0
    return _with_items(conn, org_id, found)


def _with_items(conn: Connection, org_id: str, rows: Sequence[AnyRow]) -> list[ToldEvent]:
    items = _items(conn, org_id, sorted({row.item_id for row in rows if row.item_id}))
    told = []
    for row in rows:
        event, item = event_of(row), items.get(row.item_id)
        if item is None:
            told.append(ToldEvent(event=event))
        else:
            told.append(
                ToldEvent(
                    event=event,
                    work_kind=item.kind,
                    reference=item.reference,
                    interaction_id=item.interaction_id,
                    case_id=item.case_id,
                )
            )
    return told


def _items(conn: Connection, org_id: str, ids: Sequence[str]) -> Mapping[str, Any]:
    if not ids:
        return {}
    columns = work_items.c
    query = select(columns.id, columns.kind, columns.reference, columns.interaction_id, columns.case_id).where(
        columns.id.in_(ids), columns.org_id == org_id
    )
    return {str(row.id): row for row in conn.execute(query).all()}
