"""The role that moves the board's time: offers expire, leases lapse, wrap-ups end, memories fade.

Every process ticks; the functions make that harmless. A tick also tells the board that the engine is alive: the gap
after a standstill is nobody's waiting time. A board that is gone is noticed here first, and rebuilt.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import structlog

from engine.errors import CordboardError
from engine.model.board import Tick
from engine.model.work import Outcome

log = structlog.get_logger(__name__)

EVERY_S = 0.2
MOST_IN_A_ROW = 20


class Clockwork(Protocol):
    """The board's timers."""

    async def tick(self, org_id: str) -> Tick:
        """Handle a batch of due timers; raise Unavailable."""
        ...


class Ticker:
    """Tick every organisation (a role, in every process)."""

    name = "ticker"

    def __init__(
        self,
        *,
        clockwork: Clockwork,
        organisations: Callable[[], Iterable[str]],
        rebuild: Callable[[str], Awaitable[object]],
        every_s: float = EVERY_S,
    ) -> None:
        """Tick what ``organisations`` returns; ``rebuild`` is called for a board that is gone."""
        self._clockwork = clockwork
        self._organisations = organisations
        self._rebuild = rebuild
        self._every_s = every_s

    async def step(self) -> float:
        """Tick each organisation once, or until nothing is due; one that fails holds up no other."""
        failed: CordboardError | None = None
        for org_id in tuple(self._organisations()):
            try:
                await self._tick(org_id)
            except CordboardError as error:
                log.warning("tick failed", org_id=org_id, error=str(error))
                failed = error
        if failed is not None:
            raise failed
        return self._every_s

    async def _tick(self, org_id: str) -> None:
        for _ in range(MOST_IN_A_ROW):
            tick = await self._clockwork.tick(org_id)
            if tick.outcome in (Outcome.NO_BOARD, Outcome.WRONG_LAYOUT):
                await self._rebuild(org_id)
                return
            if not tick.more:
                return
