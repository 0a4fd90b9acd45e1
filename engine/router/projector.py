"""The role that carries one organisation's routing events from the stream into the record, in order, once.

The cursor is committed with the rows it caused, so a crash at any point repeats at most what is idempotent. Only what
lies behind the cursor is trimmed, and a margin stays for processes that tail the stream. The board's own numbers have
no gaps: a gap, or a board that is behind the record, means that the board lost events, and it is rebuilt.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from engine.errors import Conflict
from engine.failpoints import failpoint
from engine.model.record import Applied, BoardMark
from engine.model.work import Outcome, RoutingEvent
from engine.router.board import Board

log = structlog.get_logger(__name__)

LEASE_MS = 7_000
LOOK_AGAIN_S = 1.0
"""Who stands by looks so often. Lease and look together stay well within the ten seconds promised for a take-over."""
BLOCK_MS = 500
BATCH = 50
"""Events per transaction, at most: whoever talks meanwhile should not wait long for the writer."""
PAUSE_S = 0.05
"""Pause after a batch that was not full. The commands in between write their events themselves, and a batch costs."""
MARGIN = 10_000
"""Events kept behind the cursor."""


class History(Protocol):
    """The record's side of the projection."""

    async def cursor(self, org_id: str) -> BoardMark:
        """Return the last event in the record."""
        ...

    async def project(self, org_id: str, events: Sequence[RoutingEvent], *, cursor_id: str) -> list[Applied]:
        """Write events and move the cursor to ``cursor_id``, in one transaction."""
        ...


class Stream(Protocol):
    """The board's event stream."""

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> Sequence[RoutingEvent]:
        """Return events after an id, waiting up to ``block_ms`` for one; raise Unavailable."""
        ...


class Leases(Protocol):
    """Named leases between processes."""

    async def acquire(self, name: str, ttl_ms: int) -> int | None:
        """Take the lease; None while somebody holds it."""
        ...

    async def renew(self, name: str, token: int, ttl_ms: int) -> bool:
        """Extend the lease."""
        ...


class Rebuilder(Protocol):
    """Rebuild the board from the record."""

    async def run(self, org_id: str, *, force: bool = False) -> bool:
        """Make sure that the board is level with the record; ``force``: although it looks so."""
        ...


class Projector:
    """Project one organisation's events (a role; one process at a time does it)."""

    def __init__(
        self,
        *,
        org_id: str,
        board: Board,
        stream: Stream,
        history: History,
        leases: Leases,
        emit: Callable[[Sequence[Applied]], Awaitable[None]],
        rebuilder: Rebuilder,
        margin: int = MARGIN,
    ) -> None:
        """Hand what was written to ``emit``; ``rebuilder`` is for a board that lost events."""
        self._org_id = org_id
        self._board = board
        self._stream = stream
        self._history = history
        self._leases = leases
        self._emit = emit
        self._rebuilder = rebuilder
        self._margin = margin
        self._token: int | None = None
        self._passed: deque[tuple[int, str]] = deque()  # (number, stream id) of batches' ends

    @property
    def name(self) -> str:
        """Name the role."""
        return f"projector:{self._org_id}"

    async def catch_up(self) -> None:
        """Project what the board has told until now, without the lease; for a process that is about to serve.

        Whoever died may hold the lease still. What is done from now on then comes after what was done before, in
        transcripts too. Safe beside the projector of another process: each event is written once, and the cursor only
        rises. Leaves a board that lost events to ``step``. Raises Unavailable.
        """
        told = await self._board.ask(self._org_id, "show_mark")
        mark = await self._history.cursor(self._org_id)
        while told.outcome is Outcome.OK and mark.epoch == told.epoch and mark.seq < told.last_seq:
            events = _whole_entries(await self._stream.events(self._org_id, mark.stream_id, BLOCK_MS))
            if not events or not _follows(mark, events):
                return
            try:
                await self._project(events)
            except Conflict:
                return
            mark = await self._history.cursor(self._org_id)

    async def step(self) -> float:
        """Project one batch, waiting for it; cancellation between two steps loses nothing. Raises Unavailable."""
        if not await self._holds_lease():
            return LOOK_AGAIN_S
        mark = await self._history.cursor(self._org_id)
        seen = await self._stream.events(self._org_id, mark.stream_id, BLOCK_MS)
        # What a rebuild has overtaken is over; it must not look like a board that lost events.
        events = _whole_entries([event for event in seen if event.epoch >= mark.epoch])
        if seen and not events:
            return PAUSE_S
        if not events:
            if not await self._is_level(mark):
                await self._rebuilder.run(self._org_id)
            return 0.0
        if not _follows(mark, events):
            await self._mend(mark, events[0])
            return 0.0
        try:
            await self._project(events)
        except Conflict as error:
            if error.slug not in ("stale-epoch", "cursor-moved"):
                raise
            # The numbers follow, but the record knows another story under them: the board went back in time.
            await self._mend(mark, events[0])
            return 0.0
        return 0.0 if len(events) >= BATCH else PAUSE_S

    async def _project(self, events: Sequence[RoutingEvent]) -> None:
        failpoint("projector.before-commit")
        applied = await self._history.project(self._org_id, events, cursor_id=events[-1].stream_id)
        failpoint("projector.after-commit")
        await self._emit(applied)
        self._passed.append((events[-1].seq, events[-1].stream_id))
        await self._trim(events[-1].seq - self._margin)

    async def _mend(self, mark: BoardMark, event: RoutingEvent) -> None:
        """Rebuild a board whose stream does not continue the record, unless that has just been done."""
        if await self._history.cursor(self._org_id) != mark:
            return
        log.error(
            "stream and record differ",
            org_id=self._org_id,
            cursor=mark.seq,
            epoch=mark.epoch,
            next=event.seq,
        )
        await self._rebuilder.run(self._org_id, force=True)

    async def _trim(self, before: int) -> None:
        """Trim to the newest end of a batch that lies ``margin`` events behind the cursor."""
        place = ""
        while self._passed and self._passed[0][0] <= before:
            place = self._passed.popleft()[1]
        if place:
            await self._board.trim(self._org_id, place)

    async def _is_level(self, mark: BoardMark) -> bool:
        """Say whether the board is where the record says it is, or ahead."""
        answer = await self._board.ask(self._org_id, "show_mark")
        if answer.outcome is not Outcome.OK or answer.epoch != mark.epoch:
            return False
        return answer.result == "rebuilding" or answer.last_seq >= mark.seq

    async def _holds_lease(self) -> bool:
        name = f"projector:{self._org_id}"
        if self._token is not None and await self._leases.renew(name, self._token, LEASE_MS):
            return True
        self._passed.clear()
        self._token = await self._leases.acquire(name, LEASE_MS)
        return self._token is not None


def _whole_entries(events: Sequence[RoutingEvent]) -> list[RoutingEvent]:
    """Return the first ``BATCH`` events, and the rest of the stream's entry in which that cuts."""
    end = min(BATCH, len(events))
    while 0 < end < len(events) and events[end].stream_id == events[end - 1].stream_id:
        end += 1
    return list(events[:end])


def _follows(mark: BoardMark, events: Sequence[RoutingEvent]) -> bool:
    """Say whether ``events`` continue the record without a gap, all in its epoch."""
    return all(
        event.epoch == mark.epoch and event.seq == mark.seq + place for place, event in enumerate(events, start=1)
    )
