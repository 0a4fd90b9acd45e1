"""What an agent may see of an offer before accepting: read once per offer, kept while it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.agents.parts import OfferPart
from engine.agents.render import bare_offer_part, offer_part
from engine.agents.shown import EntryRecord
from engine.agents.works import Works
from engine.errors import NotFound
from engine.model.work import Offer

LOOK_BACK = 20
"""Entries looked through for the preview."""


class OfferDesk:
    """Describe one agent's offers."""

    def __init__(self, *, entries: EntryRecord, works: Works) -> None:
        self._entries = entries
        self._works = works
        self._kept: dict[tuple[str, int], OfferPart] = {}

    async def describe(self, org_id: str, offers: Sequence[Offer]) -> list[OfferPart]:
        """Return the offers with what they are about; forgets those that are gone. Raises Unavailable."""
        if not offers:
            self._kept.clear()
            return []
        parts = await asyncio.gather(*(self._describe(org_id, offer) for offer in offers))
        found = zip(offers, parts, strict=True)
        fresh = self._kept = {(offer.item_id, offer.assignment): part for offer, part in found if part is not None}
        return list(fresh.values())

    async def _describe(self, org_id: str, offer: Offer) -> OfferPart | None:
        known = self._kept.get((offer.item_id, offer.assignment))
        if known is not None:
            return known
        if not offer.interaction_id:
            work = self._works.part(offer.item_id)
            return bare_offer_part(offer, work) if work else None
        try:
            overview, entries = await self._entries.shown(org_id, offer.interaction_id, last=LOOK_BACK)
        except NotFound:
            return None
        return offer_part(offer, overview, entries)
