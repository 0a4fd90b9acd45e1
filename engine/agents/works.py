"""What the record knows of an agent's work that the board does not: attributes, and whose consult it is.

Only work without a conversation of its own is looked up, once each: that it has one the board tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from engine.agents.parts import WorkPart
from engine.agents.render import work_part
from engine.errors import NotFound
from engine.model.board import HeldItem
from engine.model.work import WorkItem


class ItemRecord(Protocol):
    """Read work items from SQL."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...


class Works:
    """Know what one agent's work without conversations is about."""

    def __init__(self, *, org_id: str, record: ItemRecord) -> None:
        self._org_id = org_id
        self._record = record
        self._known: dict[str, WorkItem] = {}

    async def learn(self, item_ids: Iterable[str]) -> None:
        """Look these items up and forget all others. Raises Unavailable."""
        wanted = set(item_ids)
        self._known = {item_id: item for item_id, item in self._known.items() if item_id in wanted}
        await asyncio.gather(*(self._look_up(item_id) for item_id in wanted - self._known.keys()))

    def part(self, item_id: str) -> WorkPart | None:
        """Return what is shown of an item; None for one with a conversation."""
        item = self._known.get(item_id)
        return work_part(item) if item else None

    def with_conversations(self, items: Sequence[HeldItem]) -> tuple[HeldItem, ...]:
        """Return the items, each consult with the conversation that it is about."""
        return tuple(self._with_conversation(one) for one in items)

    def _with_conversation(self, held: HeldItem) -> HeldItem:
        item = self._known.get(held.item_id)
        if item is None or not item.parent_id:
            return held
        about = item.attributes.get("interaction_id", "")
        return replace(held, parent_id=item.parent_id, interaction_id=about if isinstance(about, str) else "")

    async def _look_up(self, item_id: str) -> None:
        try:
            self._known[item_id] = await self._record.get(self._org_id, item_id)
        except NotFound:
            return  # the board is ahead of a record that was restored from a copy
