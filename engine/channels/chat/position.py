"""Tell waiting visitors where they stand in the queue."""

from collections.abc import Iterable
from typing import Protocol

import structlog

from engine.channels.chat.parts import Hub, Positions
from engine.channels.chat.settings import ChatSettings
from engine.errors import CordboardError
from engine.model.signal import Position

log = structlog.get_logger(__name__)

CHUNK = 200


class Waiting(Protocol):
    """Know which visitors of this process wait."""

    def waiting(self) -> Iterable[tuple[str, str, str]]:
        """Return organisation, work item and interaction of each."""
        ...


class PositionWatch:
    """Look up the positions of the visitors waiting here, and tell them (a role, in every process)."""

    name = "queue-positions"

    def __init__(self, *, waiting: Waiting, router: Positions, hub: Hub, settings: ChatSettings) -> None:
        self._waiting = waiting
        self._router = router
        self._hub = hub
        self._interval_s = settings.position_interval_ms / 1000

    async def step(self) -> float:
        """Look once; return the seconds to the next look. An absent board is passed over."""
        by_org: dict[str, dict[str, str]] = {}
        for org_id, item_id, interaction_id in self._waiting.waiting():
            by_org.setdefault(org_id, {})[item_id] = interaction_id
        for org_id, interactions in by_org.items():
            try:
                await self._look(org_id, interactions)
            except CordboardError as error:
                log.debug("positions unknown", org=org_id, why=str(error))
        return self._interval_s

    async def _look(self, org_id: str, interactions: dict[str, str]) -> None:
        item_ids = list(interactions)
        for start in range(0, len(item_ids), CHUNK):
            places = await self._router.position(org_id, item_ids[start : start + CHUNK])
            for item_id, position in places.items():
                interaction_id = interactions[item_id]
                self._hub.deliver(Position(org_id=org_id, interaction_id=interaction_id, position=position))
