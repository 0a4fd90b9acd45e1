"""The role that keeps the wait estimate.

It learns each queue's pace, tells the board and the other processes, and checks what it foretold against what came.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from engine.clock import Clock
from engine.errors import CordboardError
from engine.model.board import QueueView
from engine.model.organisation import Organisation
from engine.model.outside import Place, ToldEvent
from engine.model.work import EventKind, Reply, RoutingEvent
from engine.router.estimate import Pace, PaceMeter, Wait, band, share_inside

log = structlog.get_logger(__name__)

EVERY_S = 2.0
PAGE = 2_000
MOST_PAGES = 5
MOST_FORETOLD = 10_000
"""Waits that are checked at once, per organisation; of a longer line, those who came first."""
MOST_NEW = 500
CHECKED = 1_000
"""Waits that the calibration of a queue is made from: the last ones."""

_COMES = frozenset({EventKind.ENQUEUED, EventKind.TRANSFERRED, EventKind.RESUMED})
_GOES = frozenset(
    {EventKind.ABANDONED, EventKind.CLOSED, EventKind.ENDED, EventKind.PARKED, EventKind.TRANSFERRED}
)  # an open promise ends with it: the rest of the wait will never be known


class History(Protocol):
    """Routing events from the record, in order, without a gap; both raise Unavailable."""

    async def place(self, org_id: str) -> Place:
        """Return where the history ends for now."""
        ...

    async def after(self, org_id: str, place: Place, *, limit: int) -> Sequence[ToldEvent]:
        """Return up to ``limit`` events after ``place``."""
        ...


class Queues(Protocol):
    """The board's queues; every method raises Unavailable."""

    async def queue_views(self, org_id: str) -> Mapping[str, QueueView]:
        """Return each queue as the board has it."""
        ...

    async def places(self, org_id: str, item_ids: Sequence[str]) -> Mapping[str, tuple[int, str]]:
        """Return position and queue by item; position 0 = not waiting."""
        ...

    async def set_queue(self, org_id: str, queue: str, *, estimate_ms: int) -> Reply:
        """Note how long a newcomer would probably wait."""
        ...


class Served(Protocol):
    """The configuration in force."""

    def all(self) -> Sequence[Organisation]:
        """Return every organisation."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueWait:
    """What is known of the waits in a queue."""

    pace: Pace | None = None  # None while too little was seen
    newcomer_ms: int = 0  # what a newcomer waits in the middle
    inside: float | None = None  # share of true waits that fell into their band; None before the first
    checked: int = 0  # waits that this was made from


class Share(Protocol):
    """Tell all processes."""

    async def tell(self, org_id: str, waits: Mapping[str, QueueWait]) -> None:
        """Let ``waits`` be what is known by queue; raise Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Promise:
    queue: str
    at_ms: int
    low_ms: float
    high_ms: float


@dataclass(slots=True)
class _Line:
    meter: PaceMeter = field(default_factory=PaceMeter)
    waits: deque[Wait] = field(default_factory=lambda: deque(maxlen=CHECKED))
    handed_out: int = 0
    left: int = 0
    told_ms: int = -1


@dataclass(slots=True)
class _Known:
    place: Place
    lines: dict[str, _Line] = field(default_factory=dict)
    promises: dict[str, _Promise] = field(default_factory=dict)
    new: dict[str, None] = field(default_factory=dict)

    def line(self, queue: str) -> _Line:
        return self.lines.setdefault(queue, _Line())


class WaitKeeper:
    """Keep each queue's wait estimate (a role; one at a time, under a lease).

    A process that takes over knows nothing and learns anew, within minutes where much is handed out.
    """

    name = "wait-estimate"

    def __init__(self, *, queues: Queues, history: History, organisations: Served, share: Share, clock: Clock) -> None:
        self._queues = queues
        self._history = history
        self._organisations = organisations
        self._share = share
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def step(self) -> float:
        """Look once at every organisation; return the seconds to the next look. One that is away holds up no other."""
        for organisation in self._organisations.all():
            try:
                await self._look(organisation)
            except CordboardError as error:
                log.warning("waits not estimated", org=organisation.id, why=str(error))
        return EVERY_S

    async def _look(self, organisation: Organisation) -> None:
        org_id = organisation.id
        known = self._known.get(org_id)
        if known is None:
            known = self._known[org_id] = _Known(place=await self._history.place(org_id))
        await self._follow(org_id, known)
        views, now_ms = await self._queues.queue_views(org_id), self._clock.now_ms()
        for key, view in views.items():
            line = known.line(key)
            line.meter.note(
                at_ms=now_ms, waiting=view.waiting, offered=view.offered, handed_out=line.handed_out, left=line.left
            )
            line.handed_out = line.left = 0
        known.lines = {key: line for key, line in known.lines.items() if key in views}
        await self._foretell(org_id, known, now_ms)
        await self._tell_board(organisation, known)
        await self._share.tell(org_id, {key: _queue_wait(line) for key, line in known.lines.items()})

    async def _follow(self, org_id: str, known: _Known) -> None:
        for _ in range(MOST_PAGES):
            told = await self._history.after(org_id, known.place, limit=PAGE)
            for one in told:
                _hear(known, one.event)
                known.place = one.place
            if len(told) < PAGE:
                return

    async def _foretell(self, org_id: str, known: _Known, now_ms: int) -> None:
        """Note for those who have come what they are told, to be compared with what comes."""
        news, known.new = list(known.new)[:MOST_NEW], {}
        if not news or len(known.promises) >= MOST_FORETOLD:
            return
        for item_id, (position, queue) in (await self._queues.places(org_id, news)).items():
            pace = known.line(queue).meter.pace if position else None
            if pace is not None:
                told = band(pace, position)
                known.promises[item_id] = _Promise(queue=queue, at_ms=now_ms, low_ms=told.low_ms, high_ms=told.high_ms)

    async def _tell_board(self, organisation: Organisation, known: _Known) -> None:
        """Tell the queues that bound their wait; again after a while, since the board may have been rebuilt."""
        for key, queue in organisation.queues.items():
            line = known.lines.get(key)
            if line is None or not queue.limit_wait_ms:
                continue
            estimate_ms = line.meter.newcomer_ms
            if estimate_ms or line.told_ms:
                await self._queues.set_queue(organisation.id, key, estimate_ms=estimate_ms)
                line.told_ms = estimate_ms


def _hear(known: _Known, event: RoutingEvent) -> None:
    if event.kind is EventKind.ACCEPTED:
        known.line(event.queue).handed_out += 1
        _end(known, event, seen_out=True)
    elif event.kind in _GOES:
        if event.kind is EventKind.ABANDONED:
            known.line(event.queue).left += 1
        _end(known, event, seen_out=False)
    if event.kind in _COMES:
        known.new[event.item_id] = None


def _end(known: _Known, event: RoutingEvent, *, seen_out: bool) -> None:
    known.new.pop(event.item_id, None)
    promise = known.promises.pop(event.item_id, None)
    if promise is None:
        return
    wait = Wait(
        low_ms=promise.low_ms,
        high_ms=promise.high_ms,
        waited_ms=max(0, event.at_ms - promise.at_ms),
        seen_out=seen_out,
    )
    known.line(promise.queue).waits.append(wait)


def _queue_wait(line: _Line) -> QueueWait:
    return QueueWait(
        pace=line.meter.pace,
        newcomer_ms=line.meter.newcomer_ms,
        inside=share_inside(line.waits),
        checked=len(line.waits),
    )
