"""Segments: the stretches of a work item's life that service level counts.

Each entry into a queue is one: from offered to the queue until transfer, end or abandonment. Losing an agent or a
declined offer continues it.
"""

from __future__ import annotations

from sqlalchemy import bindparam, func, literal_column, or_, select, update

from engine.model.work import WorkState
from engine.store.conditions import SEGMENT_OPEN
from engine.store.direct import run, scalar
from engine.store.step import Step
from engine.store.tables import queue_targets, segments
from engine.store.upsert import insert

_OF_ITEM = segments.c.item_id == bindparam("item")
_LAST = select(func.max(segments.c.number)).where(_OF_ITEM)
_OPEN = select(segments.c.number).where(_OF_ITEM, SEGMENT_OPEN)
_SOONER = (
    update(segments)
    .where(_OF_ITEM, segments.c.number == 1, segments.c.offered_ms > bindparam("at"))
    .values(offered_ms=bindparam("at"))
)
_CLOSE = update(segments).where(_OF_ITEM, SEGMENT_OPEN).values(ended_ms=bindparam("at"))
_CLOSE_BEGUN = _CLOSE.where(segments.c.offered_ms < bindparam("at"))
_ABANDON = _CLOSE.values(abandoned_ms=bindparam("at"))
_ANSWER = (
    update(segments)
    .where(
        _OF_ITEM,
        segments.c.offered_ms <= bindparam("at"),
        or_(SEGMENT_OPEN, segments.c.ended_ms >= bindparam("at")),
        segments.c.answered_ms == literal_column("0"),
    )
    .values(answered_ms=bindparam("at"))
)
_TARGET = select(queue_targets.c.target_ms).where(
    queue_targets.c.org_id == bindparam("org"), queue_targets.c.queue == bindparam("name")
)


def ensure_first(step: Step, queue: str) -> None:
    """Open the item's first segment if it has none: the event that enqueued it may still be on its way."""
    if _last_number(step) == 0:
        _insert(step, number=1, queue=queue)


def enter_queue(step: Step, queue: str) -> None:
    """Open a segment unless one is open; a late event only corrects when the first began."""
    last = _last_number(step)
    if last == 0 or (not step.late and not _is_open(step)):
        _insert(step, number=last + 1, queue=queue)
        return
    run(step.conn, _SOONER, _values(step))


def change_queue(step: Step, *, old: str, new: str) -> None:
    """Close the open segment and begin the next in the new queue."""
    ensure_first(step, old)
    close(step)
    _insert(step, number=_last_number(step) + 1, queue=new)


def begin_anew(step: Step, queue: str) -> None:
    """Begin a segment of its own, unless a later event has moved the item on already."""
    if not step.late:
        close_begun(step)  # the event that parked it may still be on its way
        _insert(step, number=_last_number(step) + 1, queue=queue)


def answer(step: Step) -> None:
    """Note that the segment in which the event lies is answered, unless it was before."""
    run(step.conn, _SOONER, _values(step))  # its end may have become known first
    run(step.conn, _ANSWER, _values(step))


def close(step: Step, *, abandoned: bool = False) -> None:
    """Close the open segment, if any."""
    run(step.conn, _ABANDON if abandoned else _CLOSE, _values(step))


def close_begun(step: Step) -> None:
    """Close the open segment if it began before the event."""
    run(step.conn, _CLOSE_BEGUN, _values(step))


def _values(step: Step) -> dict[str, object]:
    return {"item": step.item.id, "at": step.event.at_ms}


def _last_number(step: Step) -> int:
    return scalar(step.conn, _LAST, {"item": step.item.id}) or 0


def _is_open(step: Step) -> bool:
    return scalar(step.conn, _OPEN, {"item": step.item.id}) is not None


def _insert(step: Step, *, number: int, queue: str) -> None:
    item, at_ms = step.item, step.event.at_ms
    over = step.late and item.state in (WorkState.CLOSED, WorkState.WRAPUP)
    row = {
        "item_id": item.id,
        "number": number,
        "org_id": item.org_id,
        "interaction_id": item.interaction_id,
        "queue": queue,
        "target_ms": step.number("target_ms") or _target(step, queue),
        "offered_ms": at_ms,
        "answered_ms": 0,
        "abandoned_ms": 0,
        "ended_ms": at_ms if over else 0,
    }
    insert(step.conn, segments, row)


def _target(step: Step, queue: str) -> int:
    return scalar(step.conn, _TARGET, {"org": step.item.org_id, "name": queue}) or 0
