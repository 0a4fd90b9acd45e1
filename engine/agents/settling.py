"""See that the record shows what a command did to a work item before its caller is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from engine.agents.recovery import EventRecord, EventStream, Recovery
from engine.clock import Clock
from engine.errors import Unavailable
from engine.model.work import Reply, WorkItem

SETTLE_WAITS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Waits for another task or process to write what it is about to; rarer and rarer, for whoever is late is busy."""

Settled = Callable[[WorkItem], bool]
"""Say whether an item shows what the command did."""


class ItemRecord(Protocol):
    """Read work items from SQL."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...


class Settling:
    """Write a command's events; wait for those that the first of a repeated command is about to write."""

    def __init__(self, *, recorder: EventRecord, work: ItemRecord, stream: EventStream, clock: Clock) -> None:
        self._recorder = recorder
        self._work = work
        self._recovery = Recovery(stream=stream, recorder=recorder, clock=clock)

    async def record(self, reply: Reply, org_id: str, item_id: str, settled: Settled) -> WorkItem:
        """Write the events; of a repeated command, see that the first one's events are written.

        Raises NotFound, Unavailable (``record-behind``).
        """
        if reply.events:
            applied = await self._recorder.record(reply.events)
            shown = [one.item for one in applied if one.item is not None and one.item.id == item_id]
            return shown[-1] if shown else await self._work.get(org_id, item_id)
        item = await self.settled(org_id, item_id, settled)
        if not settled(item):
            raise Unavailable("The record is behind the board; try again in a moment.", slug="record-behind")
        return item

    async def settled(self, org_id: str, item_id: str, settled: Settled) -> WorkItem:
        """Return the item as soon as it is ``settled``, else as it is once all its events are written."""
        item = await self._work.get(org_id, item_id)
        for wait_s in SETTLE_WAITS_S:
            if settled(item):
                return item
            await asyncio.sleep(wait_s)
            item = await self._work.get(org_id, item_id)
        if not settled(item):
            await self._recovery.write(org_id, item_id)
            item = await self._work.get(org_id, item_id)
        return item
