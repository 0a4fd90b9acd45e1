"""Let parked work wait for an agent again when its customer has written.

The message is committed first, by whatever channel; this role finds it in the record, so that a crash anywhere loses
nothing. The assignment in which the work was parked goes along: work that was parked anew since stays parked.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from engine.failpoints import failpoint
from engine.intake.contract import Recorder
from engine.model.work import Outcome, Reply, WorkItem

log = structlog.get_logger(__name__)

EVERY_S = 0.5
SHARE = 20
"""A look may take a twentieth of the time, however much is parked."""
LIMIT = 500

_BOARD_AWAY = frozenset({Outcome.NO_BOARD, Outcome.STALE_EPOCH, Outcome.WRONG_LAYOUT})
_MOVED_ON = frozenset({Outcome.REPEATED, Outcome.STALE_ASSIGNMENT, Outcome.WRONG_STATE, Outcome.UNKNOWN_ITEM})
"""The board is ahead of the record, which will know in a moment."""


class ParkedWork(Protocol):
    """Find parked work (SQL)."""

    async def returned(self, *, limit: int, after: str = "") -> Sequence[WorkItem]:
        """Return parked items whose customer has written since, by id; only those behind ``after``."""
        ...


class ParkingBoard(Protocol):
    """The board as far as parked work needs it."""

    async def resume(self, org_id: str, item_id: str, assignment: int = 0) -> Reply:
        """Let a parked item wait again, if it was parked in this assignment. Raises Unavailable."""
        ...


class Returns:
    """Resume parked work (a role; one at a time, under a lease)."""

    name = "returns"

    def __init__(
        self, *, parked: ParkedWork, board: ParkingBoard, recorder: Recorder, seconds: Callable[[], float]
    ) -> None:
        """``seconds`` is a clock that never goes back, to see how long a look takes."""
        self._parked = parked
        self._board = board
        self._recorder = recorder
        self._seconds = seconds
        self._after = ""

    async def step(self) -> float:
        """Resume a page of what may go on; return the seconds to the next look. Raises Unavailable. Idempotent."""
        begun_s = self._seconds()
        items = await self._parked.returned(limit=LIMIT, after=self._after)
        took_s = self._seconds() - begun_s
        away: set[str] = set()
        for item in items:
            if item.org_id not in away:
                await self._resume(item, away)
        self._after = items[-1].id if len(items) == LIMIT else ""
        return max(EVERY_S, took_s * SHARE)

    async def _resume(self, item: WorkItem, away: set[str]) -> None:
        reply = await self._board.resume(item.org_id, item.id, item.assignment)
        failpoint("resume.after-board")
        if reply.outcome in _BOARD_AWAY:
            away.add(item.org_id)
        elif reply.outcome is Outcome.OK:
            await self._recorder.record(reply.events)
        elif reply.outcome not in _MOVED_ON:
            log.error("cannot be resumed", org=item.org_id, item=item.id, why=reply.outcome.value)
