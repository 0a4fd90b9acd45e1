"""What of the routing history is thrown away, and what is not however old it is.

An event goes when it is older than asked for, its work item is closed, and the projector's cursor has passed it: what
the projector may yet see must be known, or it would be applied again. A status goes when a later one is older than
asked for too: the last one before a time says how the agent stood at that time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Delete, Select, Table, bindparam, delete, exists, select, tuple_

from engine.model.work import WorkState
from engine.store.access import Access
from engine.store.tables import agent_statuses, organisations, routing_events, routing_marks, users, work_items

BATCH = 200
"""Rows per transaction: whoever talks meanwhile should not wait long for the writer."""

Key = dict[str, object]
Find = Callable[[Connection, str, int], Select[Any] | None]
"""Say which rows of an organisation may go, by their primary key; None for none."""


class Retention:
    """Trim the routing history."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def trim(self, before_ms: int, *, most: int) -> int:
        """Delete at most ``most`` rows that are older than ``before_ms``, in small batches; return how many.

        They are looked for by the reader: what comes of it stays true, since closed work stays closed and the cursor
        only moves on. Safe in several processes, to cancel and to repeat. Raises Unavailable.
        """
        query = select(organisations.c.org_id).order_by(organisations.c.org_id)
        total = 0
        for org_id in await self._access.read(lambda conn: list(conn.scalars(query))):
            for table, find in ((routing_events, _old_events), (agent_statuses, _old_statuses)):
                total += await self._trim(table, find, org_id, before_ms, most=most - total)
        return total

    async def _trim(self, table: Table, find: Find, org_id: str, before_ms: int, *, most: int) -> int:
        keys = await self._access.read(lambda conn: _keys(conn, find(conn, org_id, before_ms), most))
        deletion, deleted = _deletion(table), 0
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            deleted += await self._access.write(org_id, partial(_delete, deletion=deletion, keys=batch))
        return deleted


def _keys(conn: Connection, query: Select[Any] | None, most: int) -> list[Key]:
    if query is None or most <= 0:
        return []
    return [{f"of_{name}": value for name, value in row.items()} for row in conn.execute(query.limit(most)).mappings()]


def _delete(conn: Connection, *, deletion: Delete, keys: Sequence[Key]) -> int:
    return conn.execute(deletion, keys).rowcount


def _deletion(table: Table) -> Delete:
    """Return the deletion of one row; SQLite finds no index for a list of keys of several columns."""
    return delete(table).where(*(column == bindparam(f"of_{column.name}") for column in table.primary_key))


def _old_events(conn: Connection, org_id: str, before_ms: int) -> Select[Any] | None:
    event = routing_events.c
    mark = _mark(conn, org_id)
    if mark is None:
        return None
    young = select(event.epoch, event.seq).where(event.org_id == org_id, event.at_ms >= before_ms)
    # Oldest first along the primary key: with the old ones gone, the first row looked at is nearly always the one.
    first = conn.execute(young.order_by(event.epoch, event.seq).limit(1)).first()
    end = mark if first is None else min(mark, (first.epoch, first.seq))
    is_open = exists().where(work_items.c.id == event.item_id, work_items.c.state != WorkState.CLOSED.value)
    return (
        select(event.org_id, event.epoch, event.seq)
        .where(event.org_id == org_id, tuple_(event.epoch, event.seq) < tuple_(*end), ~is_open)
        .order_by(event.epoch, event.seq)
    )


def _old_statuses(conn: Connection, org_id: str, before_ms: int) -> Select[Any] | None:
    status, later = agent_statuses.c, agent_statuses.alias("later").c
    mark = _mark(conn, org_id)
    if mark is None:
        return None
    superseded = exists().where(
        later.org_id == org_id,
        later.agent_id == status.agent_id,
        later.status != "",
        later.at_ms < before_ms,
        tuple_(later.at_ms, later.epoch, later.seq) > tuple_(status.at_ms, status.epoch, status.seq),
    )
    return select(status.org_id, status.agent_id, status.epoch, status.seq).where(
        status.org_id == org_id,
        status.agent_id.in_(select(users.c.id).where(users.c.org_id == org_id)),  # agent by agent, along the index
        status.at_ms < before_ms,
        tuple_(status.epoch, status.seq) < tuple_(*mark),
        superseded,
    )


def _mark(conn: Connection, org_id: str) -> tuple[int, int] | None:
    """Return the projector's cursor: nothing from there on may go."""
    mark = routing_marks.c
    row = conn.execute(select(mark.epoch, mark.seq).where(mark.org_id == org_id)).first()
    return None if row is None else (row.epoch, row.seq)
