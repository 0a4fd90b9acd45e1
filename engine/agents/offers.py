"""What an agent may see of an offer before accepting: read once per offer, kept while it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.agents.parts import OfferPart
from engine.agents.render import offer_part
from engine.agents.shown import ConversationRecord, EntryRecord
from engine.errors import NotFound
from engine.model.work import Offer, WorkItem

LOOK_BACK = 20
"""Entries looked through for the preview."""


class ItemRecord(Protocol):
    """Read work items from SQL."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...


class OfferDesk:
    """Describe one agent's offers."""

    def __init__(self, *, work: ItemRecord, conversations: ConversationRecord, entries: EntryRecord) -> None:
        self._work = work
        self._conversations = conversations
        self._entries = entries
        self._kept: dict[tuple[str, int], OfferPart] = {}

    async def describe(self, org_id: str, offers: Sequence[Offer]) -> list[OfferPart]:
        """Return the offers with what they are about; forgets those that are gone. Raises Unavailable."""
        fresh: dict[tuple[str, int], OfferPart] = {}
        for offer in offers:
            key = (offer.item_id, offer.assignment)
            part = self._kept.get(key) or await self._read(org_id, offer)
            if part is not None:
                fresh[key] = part
        self._kept = fresh
        return list(fresh.values())

    async def _read(self, org_id: str, offer: Offer) -> OfferPart | None:
        try:
            item = await self._work.get(org_id, offer.item_id)
            overview = await self._conversations.overview(org_id, item.interaction_id)
        except NotFound:
            return None
        after_seq = max(0, overview.interaction.last_seq - LOOK_BACK)
        entries = await self._entries.since(org_id, item.interaction_id, after_seq=after_seq, limit=LOOK_BACK)
        return offer_part(offer, overview, list(entries))
