"""Tell waiting visitors where they stand in the queue, when that has changed: to wake thousands takes long."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from engine.channels.chat.parts import Hub, Positions
from engine.channels.chat.settings import ChatSettings
from engine.errors import CordboardError
from engine.model.board import Standing
from engine.model.signal import Position

log = structlog.get_logger(__name__)

CHUNK = 200
"""So many visitors are looked through, or asked for, before whoever else has something to do gets a turn."""


@dataclass(kw_only=True, slots=True)  # not frozen: made for thousands at once, in less than half the time
class Place:
    """A visitor who waits, and what he was shown last."""

    org_id: str
    item_id: str
    interaction_id: str
    shown: Standing


class Waiting(Protocol):
    """Know which visitors of this process wait."""

    def waiting(self) -> Iterable[Place]:
        """Yield one place for each of their sockets; sockets may come and go meanwhile."""
        ...


class PositionWatch:
    """Look up the positions of the visitors waiting here, and tell them (a role, in every process)."""

    name = "queue-positions"

    def __init__(self, *, waiting: Waiting, waits: Positions, hub: Hub, settings: ChatSettings) -> None:
        self._waiting = waiting
        self._waits = waits
        self._hub = hub
        self._interval_s = settings.position_interval_ms / 1000

    async def step(self) -> float:
        """Look once; return the seconds to the next look. An absent board is passed over."""
        by_org: dict[str, dict[str, list[Place]]] = {}
        for number, place in enumerate(self._waiting.waiting(), start=1):
            if number % CHUNK == 0:
                await asyncio.sleep(0)
            by_org.setdefault(place.org_id, {}).setdefault(place.item_id, []).append(place)
        for org_id, places in by_org.items():
            try:
                await self._look(org_id, places)
            except CordboardError as error:
                log.debug("positions unknown", org=org_id, why=str(error))
        return self._interval_s

    async def _look(self, org_id: str, places: dict[str, list[Place]]) -> None:
        item_ids = list(places)
        for start in range(0, len(item_ids), CHUNK):
            standing = await self._waits.standing(org_id, item_ids[start : start + CHUNK])
            for item_id, now in standing.items():
                if any(place.shown != now for place in places[item_id]):
                    self._hub.deliver(
                        Position(
                            org_id=org_id,
                            interaction_id=places[item_id][0].interaction_id,
                            position=now.position,
                            low_ms=now.low_ms,
                            high_ms=now.high_ms,
                        )
                    )
