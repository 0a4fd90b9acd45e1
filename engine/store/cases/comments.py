"""Comments on a case: lines of its history that somebody wrote."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from engine.ids import NewId
from engine.model.case import CaseEvent, Comment
from engine.model.casework import SignalKind
from engine.store.cases.signals import HEARD, add_signal
from engine.store.cases.tables import case_events, cases
from engine.store.cases.writes import add_event, writable_case
from engine.store.direct import first
from engine.store.rows import case_event_of, case_of
from engine.store.upsert import change

COMMENT = "comment"

_REPEATED = select(case_events).where(
    case_events.c.case_id == bindparam("case"),
    case_events.c.actor_id == bindparam("actor"),
    case_events.c.client_id == bindparam("client"),
)


def write_comment(
    conn: Connection, where: tuple[str, str], comment: Comment, *, new_id: NewId, now_ms: int
) -> CaseEvent:
    """Add a comment to the case ``where`` (organisation, id); raise NotFound.

    To the clerk of a watched case one for the customer is a reply.
    """
    row = writable_case(conn, *where)
    case = case_of(row)
    event = add_event(
        conn,
        case,
        kind=COMMENT,
        data={"body": comment.body, "public": comment.public},
        new_id=new_id,
        actor_id=comment.actor_id,
        now_ms=now_ms,
        client_id=comment.client_id,
    )
    if event is None:
        of = {"case": case.id, "actor": comment.actor_id, "client": comment.client_id}
        found = first(conn, _REPEATED, of)
        if found is None:
            raise RuntimeError("a comment that was refused as a repeat is not there")
        return case_event_of(found)
    change(conn, cases, {"id": case.id}, {"updated_ms": now_ms})
    if row.watched and comment.public:
        told = {"comment": event.id, "text": comment.body[:HEARD]}
        add_signal(conn, case.org_id, case.id, SignalKind.REPLY, new_id=new_id, at_ms=now_ms, **told)
    return event
