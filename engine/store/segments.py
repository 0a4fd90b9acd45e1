"""Segments: the stretches of a work item's life that service level counts.

Each entry into a queue is one: from offered to the queue until transfer, end or abandonment. Losing an agent or a
declined offer continues it.
"""

from __future__ import annotations

from sqlalchemy import func, select, update

from engine.model.work import WorkState
from engine.store.conditions import SEGMENT_OPEN
from engine.store.step import Step
from engine.store.tables import queue_targets, segments


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
    step.conn.execute(
        update(segments)
        .where(segments.c.item_id == step.item.id, segments.c.number == 1, segments.c.offered_ms > step.event.at_ms)
        .values(offered_ms=step.event.at_ms)
    )


def change_queue(step: Step, *, old: str, new: str) -> None:
    """Close the open segment and begin the next in the new queue."""
    ensure_first(step, old)
    close(step)
    _insert(step, number=_last_number(step) + 1, queue=new)


def close(step: Step, *, abandoned: bool = False) -> None:
    """Close the open segment, if any."""
    values = {"ended_ms": step.event.at_ms}
    if abandoned:
        values["abandoned_ms"] = step.event.at_ms
    step.conn.execute(update(segments).where(segments.c.item_id == step.item.id, SEGMENT_OPEN).values(**values))


def _last_number(step: Step) -> int:
    query = select(func.max(segments.c.number)).where(segments.c.item_id == step.item.id)
    return step.conn.execute(query).scalar() or 0


def _is_open(step: Step) -> bool:
    query = select(segments.c.number).where(segments.c.item_id == step.item.id, SEGMENT_OPEN)
    return step.conn.execute(query).first() is not None


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
    step.conn.execute(segments.insert(), row)


def _target(step: Step, queue: str) -> int:
    query = select(queue_targets.c.target_ms).where(
        queue_targets.c.org_id == step.item.org_id, queue_targets.c.queue == queue
    )
    return step.conn.execute(query).scalar() or 0
