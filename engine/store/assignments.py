"""Assignments: who had a work item, from accept to the end of wrap-up. One open per item, by a unique index.

Events may come out of order: an end whose beginning is not known yet leaves a row without ``accepted_ms``, which the
beginning fills in; a beginning that is older than the open assignment is written as over.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from engine.model.work import RoutingEvent
from engine.store.conditions import ASSIGNMENT_OPEN
from engine.store.direct import first
from engine.store.rows import AnyRow
from engine.store.tables import assignments
from engine.store.upsert import change, insert

SUPERSEDED = "superseded"

_LATEST = (
    select(assignments)
    .where(
        assignments.c.item_id == bindparam("item"),
        assignments.c.number == bindparam("given"),
        assignments.c.epoch <= bindparam("until"),
    )
    .order_by(assignments.c.epoch.desc())
    .limit(1)
)
_OPEN = select(assignments).where(assignments.c.item_id == bindparam("item"), ASSIGNMENT_OPEN)


def begin(conn: Connection, event: RoutingEvent) -> None:
    """Write the assignment that an accept or a restored item makes. Idempotent."""
    row = _latest(conn, event)
    # One that came back with a rebuilt board goes on, or its end, which came later, is told already.
    goes_on = row is not None and row.agent_id == event.agent_id and (not row.ended_ms or row.ended_ms >= event.at_ms)
    if row is not None and (row.epoch == event.epoch or goes_on):
        if not row.accepted_ms:
            _change(conn, row, accepted_ms=event.at_ms)
        return
    standing = _open(conn, event.item_id)
    ended_ms, reason = 0, ""
    if standing is not None:
        if (standing.epoch, standing.number) < (event.epoch, event.assignment):
            _change(conn, standing, ended_ms=event.at_ms, end_reason=SUPERSEDED)
        else:
            ended_ms, reason = standing.accepted_ms or event.at_ms, SUPERSEDED
    _insert(conn, event, accepted_ms=event.at_ms, ended_ms=ended_ms, reason=reason)


def end(conn: Connection, event: RoutingEvent, *, reason: str) -> None:
    """End the event's assignment. Idempotent; the first end counts, but that another began tells less than its own."""
    row = _latest(conn, event) if event.assignment else _open(conn, event.item_id)
    if row is None:
        if event.assignment and event.agent_id:
            _insert(conn, event, accepted_ms=0, ended_ms=event.at_ms, reason=reason)
    elif not row.ended_ms or row.end_reason == SUPERSEDED:
        _change(conn, row, ended_ms=event.at_ms, end_reason=reason)


def end_wrapup(conn: Connection, event: RoutingEvent) -> None:
    """End the wrap-up of the event's assignment, and the assignment itself if it still runs. Idempotent."""
    row = _latest(conn, event) if event.assignment else _open(conn, event.item_id)
    if row is None:
        return
    if not row.ended_ms:
        _change(conn, row, ended_ms=event.at_ms, end_reason="closed", wrapup_ended_ms=event.at_ms)
    elif not row.wrapup_ended_ms:
        _change(conn, row, wrapup_ended_ms=event.at_ms)


def _latest(conn: Connection, event: RoutingEvent) -> AnyRow | None:
    return first(conn, _LATEST, {"item": event.item_id, "given": event.assignment, "until": event.epoch})


def _open(conn: Connection, item_id: str) -> AnyRow | None:
    return first(conn, _OPEN, {"item": item_id})


def _change(conn: Connection, row: AnyRow, **values: object) -> None:
    change(conn, assignments, {"item_id": row.item_id, "epoch": row.epoch, "number": row.number}, values)


def _insert(conn: Connection, event: RoutingEvent, *, accepted_ms: int, ended_ms: int, reason: str) -> None:
    row = {
        "item_id": event.item_id,
        "epoch": event.epoch,
        "number": event.assignment,
        "org_id": event.org_id,
        "agent_id": event.agent_id,
        "queue": event.queue,
        "accepted_ms": accepted_ms,
        "ended_ms": ended_ms,
        "end_reason": reason,
        "wrapup_ended_ms": 0,
    }
    insert(conn, assignments, row)
