"""The role that moves the board's time: offers expire, leases lapse, wrap-ups end, memories fade.

Every process ticks; the functions make that harmless. A tick also tells the board that the engine is alive: the gap
after a standstill is nobody's waiting time. A board that is gone is noticed here first, and rebuilt.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from engine.model.board import Tick
from engine.model.work import Outcome

EVERY_S = 0.2
MOST_IN_A_ROW = 200


class Clockwork(Protocol):
    """The board's timers."""

    async def tick(self, org_id: str) -> Tick:
        """Handle a batch of due timers; raise Unavailable."""
        ...


class Ticker:
    """Tick one organisation's board (a role, in every process); each has its own, so that none holds up another."""

    def __init__(
        self,
        *,
        org_id: str,
        clockwork: Clockwork,
        rebuild: Callable[[str], Awaitable[object]],
        every_s: float = EVERY_S,
    ) -> None:
        """Prepare to tick; ``rebuild`` is called when the board is gone."""
        self._org_id = org_id
        self._clockwork = clockwork
        self._rebuild = rebuild
        self._every_s = every_s

    @property
    def name(self) -> str:
        """Name the role."""
        return f"ticker:{self._org_id}"

    async def step(self) -> float:
        """Tick until nothing is due, or for a while; return the seconds to the next tick. Raises Unavailable."""
        for _ in range(MOST_IN_A_ROW):
            tick = await self._clockwork.tick(self._org_id)
            if tick.outcome in (Outcome.NO_BOARD, Outcome.WRONG_LAYOUT):
                await self._rebuild(self._org_id)
                break
            if not tick.more:
                break
        return self._every_s
