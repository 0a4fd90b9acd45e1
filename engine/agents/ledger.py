"""What this process knows to be in the record of held work, so that no socket asks SQL for it.

An agent is shown only what is committed. Nearly always this process has committed it itself, a moment before or after
the board's event wakes his socket; the ledger tells that socket at once. Of what it does not know, SQL is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from engine.model.board import HeldItem
from engine.model.record import Applied
from engine.model.work import EventKind, WorkState

REMEMBERED = 8_192
NEAR_S = 0.02
"""How long a commit is awaited that this process is probably about to make."""

_REACHED: Mapping[EventKind, int] = {
    EventKind.ACCEPTED: 1,
    EventKind.PARKED: 2,
    EventKind.ENDED: 2,
    EventKind.CLOSED: 3,
}
_NEEDED: Mapping[WorkState, int] = {WorkState.ACTIVE: 1, WorkState.WRAPUP: 2}


class Ledger:
    """Note how far each work item's assignment is in the record."""

    def __init__(self, *, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._known: dict[tuple[str, str], tuple[int, int]] = {}
        self._grown = asyncio.Event()

    async def follow(self, applied: Sequence[Applied]) -> None:
        """Hear what was committed."""
        for one in applied:
            reached = _REACHED.get(one.event.kind)
            if reached is not None:
                self._note((one.event.org_id, one.event.item_id), (one.event.assignment, reached))
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def shows(self, org_id: str, held: HeldItem) -> bool:
        """Say whether the record is known to be as far as the board; False means: not known."""
        known = self._known.get((org_id, held.item_id))
        if held.state is WorkState.PARKED:  # which has no number any more
            return known is not None and known[1] >= _REACHED[EventKind.PARKED]
        return known is not None and known >= (held.assignment, _NEEDED.get(held.state, 0))

    async def shows_soon(self, org_id: str, held: HeldItem) -> bool:
        """Say the same, after waiting a moment for a commit that is under way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NEAR_S):
                while not self.shows(org_id, held):
                    await self._grown.wait()
        return self.shows(org_id, held)

    def _note(self, item: tuple[str, str], place: tuple[int, int]) -> None:
        known = self._known.pop(item, place)  # popped, so that the oldest note comes first
        self._known[item] = max(known, place)
        if len(self._known) > self._remembered:
            del self._known[next(iter(self._known))]
