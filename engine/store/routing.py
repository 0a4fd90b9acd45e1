"""Routing history: each event is applied once, whoever brings it first.

The history row (organisation, epoch, number) is inserted first; where it is there already, the event was applied in
that row's transaction. Commands bring their own events before they answer (``apply``); the projector brings all, in
order, with its cursor (``project``). So most events come at least twice: one query tells which of a batch are known,
and these cost nothing more, unless the transcript tells of them. Events of an epoch that has ended are refused: the
board they came from is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, case, func, not_, or_, select

from engine.errors import Conflict
from engine.ids import NewId
from engine.model.conversation import Author, Entry, Interaction
from engine.model.record import Applied, BoardMark, QueueState, QueueStatistics
from engine.model.work import EventKind, RoutingEvent, WorkItem
from engine.store.access import Access
from engine.store.conditions import EVENT_OF_ITEM, HAS_CLIENT_ID, SEGMENT_UNANSWERED
from engine.store.direct import beside, every, first
from engine.store.effects import apply_effects
from engine.store.json_text import dump
from engine.store.rows import AnyRow, entry_of, event_of, interaction_of, item_of
from engine.store.tables import (
    agent_statuses,
    entries,
    interactions,
    queue_states,
    routing_events,
    routing_marks,
    segments,
    work_items,
)
from engine.store.upsert import change, insert_once

SHORT_MS = 5_000
"""A visitor who leaves sooner than this after entering a queue is a short abandon."""

TELLING = frozenset(
    {
        EventKind.ACCEPTED,
        EventKind.TRANSFERRED,
        EventKind.LOST,
        EventKind.ENDED,
        EventKind.CLOSED,
        EventKind.ABANDONED,
    }
)
"""Kinds of events that the transcript tells of; they come with interaction and entries however often they come."""

STRIDE = 32
"""Numbers further apart than this are looked up by separate queries."""

_MARK = select(routing_marks).where(routing_marks.c.org_id == bindparam("org"))
_MARKS = {
    "": _MARK,
    "share": _MARK.with_for_update(read=True),
    "update": _MARK.with_for_update(),
}
_KNOWN = select(
    routing_events.c.seq, routing_events.c.kind, routing_events.c.item_id, routing_events.c.assignment
).where(
    routing_events.c.org_id == bindparam("org"),
    routing_events.c.epoch == bindparam("of_epoch"),
    routing_events.c.seq >= bindparam("low"),
    routing_events.c.seq <= bindparam("high"),
)
_CONCERNED = (
    select(work_items, interactions)
    .outerjoin(interactions, interactions.c.id == work_items.c.interaction_id)
    .where(work_items.c.id == bindparam("item"), work_items.c.org_id == bindparam("org"))
)
_TOLD = (
    select(entries)
    .where(
        entries.c.interaction_id == bindparam("iid"),
        or_(entries.c.author == Author.AGENT.value, entries.c.author == Author.SYSTEM.value),
        entries.c.client_id == bindparam("client"),
        HAS_CLIENT_ID,
    )
    .order_by(entries.c.seq)
)

_Story = tuple[str, str, int]
"""What an event's number stands for: kind, work item, assignment."""
_Known = dict[tuple[int, int], _Story]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pen:
    """What writing needs of the outside."""

    new_id: NewId
    now_ms: int


class Routing:
    """Write routing events and their effects; count what became of work."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def apply(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        """Write the effects of one organisation's events, in one transaction. Idempotent.

        Raises Conflict (``stale-epoch``) when the record follows a newer board.
        """
        if not events:
            return []
        pen = self._pen()
        return await self._access.write(events[0].org_id, lambda conn: _apply(conn, events, pen))

    async def project(self, org_id: str, events: Sequence[RoutingEvent], *, cursor_id: str) -> list[Applied]:
        """Write effects and move the cursor to the last event and ``cursor_id``, in one transaction. Idempotent.

        Raises Conflict: ``cursor-moved`` when every event is of an older epoch than the cursor's, ``stale-epoch`` when
        the board tells another story than the record under the same number.
        """
        pen = self._pen()
        return await self._access.write(org_id, lambda conn: _project(conn, org_id, events, cursor_id, pen))

    def _pen(self) -> _Pen:
        return _Pen(new_id=self._access.new_id, now_ms=self._access.clock.now_ms())

    async def cursor(self, org_id: str) -> BoardMark:
        """Return how far the record follows the board; epoch 0 when it never did."""
        return await self._access.look(lambda conn: _mark(conn, org_id))

    async def begin_epoch(self, org_id: str, *, at_least: int) -> int:
        """Begin a new epoch above the record's and ``at_least``; the cursor starts anew. Returns it."""
        return await self._access.write(org_id, lambda conn: _begin_epoch(conn, org_id, at_least))

    async def service_level(self, org_id: str, *, since_ms: int, now_ms: int) -> dict[str, QueueStatistics]:
        """Return per queue what became of the segments offered since ``since_ms``, as it stands at ``now_ms``."""
        return await self._access.read(lambda conn: _service_level(conn, org_id, since_ms, now_ms))

    async def statuses(self, org_id: str) -> dict[str, str]:
        """Return the last known presence status of each agent."""
        return await self._access.read(lambda conn: _statuses(conn, org_id))

    async def queue_states(self, org_id: str) -> dict[str, QueueState]:
        """Return how each queue stands that was ever paused, drained or closed by hand."""
        return await self._access.read(lambda conn: _queue_states(conn, org_id))

    async def history(self, org_id: str, item_id: str) -> list[RoutingEvent]:
        """Return a work item's events in order."""
        query = (
            select(routing_events)
            .where(routing_events.c.org_id == org_id, routing_events.c.item_id == item_id, EVENT_OF_ITEM)
            .order_by(routing_events.c.epoch, routing_events.c.seq)
        )
        return await self._access.read(lambda conn: [event_of(row) for row in conn.execute(query)])


def _mark(conn: Connection, org_id: str) -> BoardMark:
    """Return the organisation's cursor."""
    return _locked_mark(conn, org_id, "") or BoardMark()


def _locked_mark(conn: Connection, org_id: str, lock: str) -> BoardMark | None:
    """Return the cursor, locked for "share" or "update"; None where there is none yet."""
    row = first(conn, _MARKS[lock], {"org": org_id})
    return None if row is None else BoardMark(epoch=row.epoch, seq=row.seq, stream_id=row.stream_id)


def _own_mark(conn: Connection, org_id: str) -> BoardMark:
    """Return the cursor for writing; its row is made where it is missing."""
    mark = _locked_mark(conn, org_id, "update")
    if mark is not None:
        return mark
    insert_once(conn, routing_marks, {"org_id": org_id, "epoch": 0, "seq": 0, "stream_id": "0-0"})
    return _locked_mark(conn, org_id, "update") or BoardMark()


def _set_mark(conn: Connection, org_id: str, mark: BoardMark) -> None:
    values = {"epoch": mark.epoch, "seq": mark.seq, "stream_id": mark.stream_id}
    change(conn, routing_marks, {"org_id": org_id}, values)


def _begin_epoch(conn: Connection, org_id: str, at_least: int) -> int:
    epoch = max(_own_mark(conn, org_id).epoch, at_least) + 1
    _set_mark(conn, org_id, BoardMark(epoch=epoch))
    return epoch


def _apply(conn: Connection, events: Sequence[RoutingEvent], pen: _Pen) -> list[Applied]:
    mark = _locked_mark(conn, events[0].org_id, "share") or BoardMark()
    if any(event.epoch < mark.epoch for event in events):
        raise Conflict("the board was rebuilt meanwhile", slug="stale-epoch", mend="Do it again.")
    return _apply_all(conn, events, pen)


def _project(conn: Connection, org_id: str, events: Sequence[RoutingEvent], cursor_id: str, pen: _Pen) -> list[Applied]:
    mark = _own_mark(conn, org_id)
    current = [event for event in events if event.epoch >= mark.epoch]
    if events and not current:
        raise Conflict("the cursor belongs to a newer epoch", slug="cursor-moved")
    applied = _apply_all(conn, current, pen)
    epoch, seq = max(((event.epoch, event.seq) for event in current), default=(0, 0))
    if (epoch, seq) > (mark.epoch, mark.seq):  # else a process that slept is behind: number and place go together
        _set_mark(conn, org_id, BoardMark(epoch=epoch, seq=seq, stream_id=cursor_id))
    return applied


def _apply_all(conn: Connection, events: Sequence[RoutingEvent], pen: _Pen) -> list[Applied]:
    known = _known(conn, events)
    return [_apply_one(conn, event, known, pen) for event in events]


def _known(conn: Connection, events: Sequence[RoutingEvent]) -> _Known:
    """Return which of the numbers are in the record, and what they stand for."""
    found: _Known = {}
    for epoch, low, high in _stretches(events):
        values = {"org": events[0].org_id, "of_epoch": epoch, "low": low, "high": high}
        found.update(((epoch, row.seq), (row.kind, row.item_id, row.assignment)) for row in every(conn, _KNOWN, values))
    return found


def _stretches(events: Sequence[RoutingEvent]) -> Iterator[tuple[int, int, int]]:
    """Yield (epoch, first number, last number) such that hardly any number between is not asked for."""
    numbers = sorted({(event.epoch, event.seq) for event in events})
    epoch, low = high = numbers[0] if numbers else (0, 0)
    for number in numbers[1:]:
        if number[0] != high[0] or number[1] - high[1] > STRIDE:
            yield epoch, low, high[1]
            epoch, low = number
        high = number
    if numbers:
        yield epoch, low, high[1]


def _apply_one(conn: Connection, event: RoutingEvent, known: _Known, pen: _Pen) -> Applied:
    number = (event.epoch, event.seq)
    if number not in known and insert_once(conn, routing_events, _row(event)):
        told = apply_effects(conn, event, new_id=pen.new_id)
        known[number] = _story(event)
        item, interaction = _concerned(conn, event, pen)
        return Applied(event=event, fresh=True, entries=told, interaction=interaction, item=item)
    if number not in known:
        known.update(_known(conn, (event,)))  # another process was faster; its transaction has ended
    _check_same(event, known[number])
    if event.kind not in TELLING:
        return Applied(event=event, fresh=False)
    item, interaction = _concerned(conn, event, pen)
    told = () if interaction is None else _told_before(conn, event, interaction.id)
    return Applied(event=event, fresh=False, entries=told, interaction=interaction, item=item)


def _row(event: RoutingEvent) -> dict[str, object]:
    return {
        "org_id": event.org_id,
        "epoch": event.epoch,
        "seq": event.seq,
        "stream_id": event.stream_id,
        "at_ms": event.at_ms,
        "kind": event.kind.value,
        "item_id": event.item_id,
        "agent_id": event.agent_id,
        "queue": event.queue,
        "assignment": event.assignment,
        "data": dump(event.data),
    }


def _story(event: RoutingEvent) -> _Story:
    return (event.kind.value, event.item_id, event.assignment)


def _check_same(event: RoutingEvent, known: _Story) -> None:
    """Refuse an event whose number tells of something else: the board has gone back in time."""
    if known != _story(event):
        raise Conflict(
            f"event {event.epoch}:{event.seq} is known as {known[0]}, not {event.kind}",
            slug="stale-epoch",
            mend="Begin a new epoch and rebuild the board.",
        )


def _concerned(conn: Connection, event: RoutingEvent, pen: _Pen) -> tuple[WorkItem | None, Interaction | None]:
    """Return the event's work item, as it is now, and its interaction."""
    values = {"item": event.item_id, "org": event.org_id}
    found = beside(conn, _CONCERNED, values, work_items, interactions) if event.item_id else None
    item, interaction = found or (None, None)
    return (
        None if item is None else item_of(item, pen.now_ms),
        None if interaction is None else interaction_of(interaction),
    )


def _told_before(conn: Connection, event: RoutingEvent, interaction_id: str) -> tuple[Entry, ...]:
    rows = every(conn, _TOLD, {"iid": interaction_id, "client": f"{event.epoch}:{event.seq}"})
    return tuple(entry_of(row) for row in rows)


def _statuses(conn: Connection, org_id: str) -> dict[str, str]:
    log = agent_statuses.c
    newest = (
        select(log.agent_id, func.max(log.at_ms).label("at_ms"))
        .where(log.org_id == org_id, log.status != "")
        .group_by(log.agent_id)
        .subquery()
    )
    query = (
        select(log.agent_id, log.status)
        .join(newest, and_(newest.c.agent_id == log.agent_id, newest.c.at_ms == log.at_ms))
        .where(log.org_id == org_id, log.status != "")
        .order_by(log.epoch, log.seq)
    )
    return {row.agent_id: row.status for row in conn.execute(query)}


def _queue_states(conn: Connection, org_id: str) -> dict[str, QueueState]:
    query = select(queue_states).where(queue_states.c.org_id == org_id)
    return {row.queue: QueueState(mode=row.mode, closed=bool(row.closed)) for row in conn.execute(query)}


def _service_level(conn: Connection, org_id: str, since_ms: int, now_ms: int) -> dict[str, QueueStatistics]:
    seg = segments.c
    answered = seg.answered_ms > 0
    took = seg.answered_ms - seg.offered_ms
    in_target = and_(answered, (seg.target_ms == 0) | (took <= seg.target_ms))
    abandoned = seg.abandoned_ms > 0
    short = and_(abandoned, seg.abandoned_ms - seg.offered_ms < SHORT_MS)
    in_time_still = or_(seg.target_ms == 0, now_ms - seg.offered_ms <= seg.target_ms)
    undecided = and_(SEGMENT_UNANSWERED, not_(abandoned), in_time_still)
    query = (
        select(
            seg.queue,
            func.count().label("offered"),
            *(
                func.sum(case((condition, 1), else_=0)).label(name)
                for name, condition in (
                    ("answered", answered),
                    ("in_target", in_target),
                    ("abandoned", abandoned),
                    ("short", short),
                    ("undecided", undecided),
                )
            ),
            func.sum(case((answered, took), else_=0)).label("took_ms"),
        )
        .where(seg.org_id == org_id, seg.offered_ms >= since_ms)
        .group_by(seg.queue)
    )
    return {row.queue: _statistics(row) for row in conn.execute(query)}


def _statistics(row: AnyRow) -> QueueStatistics:
    counts: Mapping[str, int] = {name: int(value) for name, value in row._mapping.items() if name != "queue"}  # noqa: SLF001 -- SQLAlchemy's documented mapping view
    return QueueStatistics(
        offered=counts["offered"],
        answered=counts["answered"],
        answered_in_target=counts["in_target"],
        abandoned=counts["abandoned"],
        short_abandoned=counts["short"],
        undecided=counts["undecided"],
        asa_ms=counts["took_ms"] // counts["answered"] if counts["answered"] else 0,
    )
