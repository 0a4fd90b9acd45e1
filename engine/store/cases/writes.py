"""The writes on cases that several transactions share: opening, events, taking ownership."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.sql.expression import Executable

from engine.errors import Conflict, NotFound
from engine.ids import NewId
from engine.model.case import Case, CaseEvent, NewCase
from engine.model.case_setup import Filing
from engine.model.casework import SignalKind
from engine.store.cases.signals import HEARD, add_signal
from engine.store.cases.tables import case_events, case_tags, cases
from engine.store.direct import first, scalar
from engine.store.json_text import dump
from engine.store.rows import AnyRow, case_of
from engine.store.tables import organisations
from engine.store.upsert import change, insert, insert_once, once

SUBJECT_LENGTH = 200
_UNWATCHED = Filing()

_COUNT = (
    update(organisations)
    .where(organisations.c.org_id == bindparam("org"))
    .values(case_count=organisations.c.case_count + 1)
    .returning(organisations.c.case_count)
)
LAST_LINE = select(func.max(case_events.c.number)).where(case_events.c.case_id == bindparam("case"))
_NEXT_LINE = select(func.coalesce(func.max(case_events.c.number), 0) + 1).where(
    case_events.c.case_id == bindparam("case_id")
)
_LOCK = select(cases).where(cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org")).with_for_update()


def open_case(conn: Connection, new: NewCase, *, new_id: NewId, actor_id: str, now_ms: int) -> Case:
    """Insert a case under the organisation's next number, with its first event."""
    number = _next_number(conn, new.org_id, now_ms)
    case = Case(
        id=new_id(),
        org_id=new.org_id,
        number=number,
        subject=new.subject[:SUBJECT_LENGTH],
        contact_id=new.contact_id,
        status=new.filing.taken if new.owner_id else new.filing.new,
        priority=new.priority,
        queue=new.queue,
        owner_id=new.owner_id,
        origin=new.origin,
        topic=new.topic,
        opened_ms=now_ms,
        updated_ms=now_ms,
        account_id=new.account_id,
        parent_id=new.parent_id,
        description=new.description,
        type=new.type,
        team=new.team,
        fields=new.fields,
        tags=new.tags,
        skills=new.skills,
        routed=new.routed,
    )
    insert(conn, cases, {**_row(case), "watched": int(new.filing.watched), "request_key": new.request_key})
    write_tags(conn, case, new.tags)
    data = {"interaction_id": new.interaction_id, "origin": new.origin}
    add_event(conn, case, kind="opened", data=data, new_id=new_id, actor_id=actor_id, now_ms=now_ms)
    if new.filing.watched:
        told = {"interaction_id": new.interaction_id, "text": new.said[:HEARD]}
        add_signal(conn, case.org_id, case.id, SignalKind.OPENED, new_id=new_id, at_ms=now_ms, **told)
    return case


def write_tags(conn: Connection, case: Case, tags: Iterable[str]) -> None:
    """Keep the tags that a case carries in the table by which they are found."""
    for tag in tags:
        insert_once(conn, case_tags, {"case_id": case.id, "tag": tag, "org_id": case.org_id})


def _next_number(conn: Connection, org_id: str, now_ms: int) -> int:
    """Count one more case; the organisation's row is the lock."""
    number: int | None = scalar(conn, _COUNT, {"org": org_id})
    if number is not None:
        return number
    ensure_organisation(conn, org_id, now_ms)
    return _next_number(conn, org_id, now_ms)


def ensure_organisation(conn: Connection, org_id: str, now_ms: int) -> None:
    """Make sure that the organisation has its row."""
    insert_once(conn, organisations, {"org_id": org_id, "name": "", "case_count": 0, "created_ms": now_ms})


def _row(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "org_id": case.org_id,
        "number": case.number,
        "subject": case.subject,
        "contact_id": case.contact_id,
        "status": case.status,
        "priority": case.priority,
        "queue": case.queue,
        "owner_id": case.owner_id,
        "origin": case.origin,
        "topic": case.topic,
        "version": case.version,
        "opened_ms": case.opened_ms,
        "updated_ms": case.updated_ms,
        "closed_ms": case.closed_ms,
        "escalated_ms": case.escalated_ms,
        "description": case.description,
        "type": case.type,
        "account_id": case.account_id,
        "parent_id": case.parent_id,
        "team": case.team,
        "fields": dump(case.fields),
        "tags": dump(case.tags),
        "plan": case.plan,
        "entitlement_id": case.entitlement_id,
        "entitled": case.entitled,
        "reopened": case.reopened,
        "rating": case.rating,
        "routed": int(case.routed),
        "skills": dump(case.skills),
        "item_id": case.item_id,
        "merged_into": case.merged_into,
        "approvals_waiting": case.approvals_waiting,
        "search": search_text(case.number, case.subject),
    }


def search_text(number: int, subject: str) -> str:
    """Return what a search for a case looks through."""
    return f"{number} {subject}".casefold()


def add_event(
    conn: Connection,
    case: Case,
    *,
    kind: str,
    data: Mapping[str, object],
    new_id: NewId,
    actor_id: str,
    now_ms: int,
    client_id: str = "",
) -> CaseEvent | None:
    """Add a line to a locked case's history; None when the actor wrote ``client_id`` before."""
    event_id = new_id()
    row = {
        "id": event_id,
        "org_id": case.org_id,
        "case_id": case.id,
        "at_ms": now_ms,
        "kind": kind,
        "actor_id": actor_id,
        "client_id": client_id,
        "data": dump(data),
    }
    number = scalar(conn, _adding(conn.dialect.name), row)
    if number is None:
        return None
    return CaseEvent(id=event_id, case_id=case.id, at_ms=now_ms, kind=kind, actor_id=actor_id, data=data, number=number)


@cache
def _adding(dialect: str) -> Executable:
    """Return the statement that adds a line under the next number, which it returns; nothing for a repeat."""
    given: dict[str, object] = {one.name: bindparam(one.name) for one in case_events.columns if one.name != "number"}
    return (
        once(dialect, case_events)
        .values({**given, "number": _NEXT_LINE.scalar_subquery()})
        .returning(case_events.c.number)
    )


def lock_case(conn: Connection, org_id: str, case_id: str) -> AnyRow | None:
    """Return the case's row, locked until the transaction ends."""
    return first(conn, _LOCK, {"case": case_id, "org": org_id})


def writable_case(conn: Connection, org_id: str, case_id: str) -> AnyRow:
    """Return the case's row, locked; raise NotFound, Conflict (``merged``)."""
    row = lock_case(conn, org_id, case_id)
    if row is None:
        raise NotFound(f"there is no case {case_id}", slug="unknown-case")
    if row.merged_into:
        raise merged_away(row.merged_into)
    return row


def merged_away(into: str) -> Conflict:
    """Return the refusal to write a case that was merged."""
    return Conflict("the case was merged into another", slug="merged", merged_into=into)


def write_changes(conn: Connection, case: Case, changes: Mapping[str, object], now_ms: int) -> None:
    """Set columns of a locked case; its version counts on."""
    change(conn, cases, {"id": case.id}, {**changes, "version": case.version + 1, "updated_ms": now_ms})


def take_case(
    conn: Connection,
    org_id: str,
    case_id: str,
    *,
    agent_id: str,
    keep_owner: bool = True,
    new_id: NewId,
    now_ms: int,
) -> None:
    """Let the agent who accepts own the case, and the case be open. Idempotent.

    ``keep_owner``: an owner that there is stays.
    """
    row = lock_case(conn, org_id, case_id) if case_id else None
    if row is None:
        return
    case = case_of(row)
    if row.watched:
        add_signal(conn, org_id, case_id, SignalKind.ACCEPTED, new_id=new_id, at_ms=now_ms, agent_id=agent_id)
    changes: dict[str, object] = {}
    if not case.owner_id or (not keep_owner and case.owner_id != agent_id):
        changes["owner_id"] = agent_id
        data: dict[str, object] = {"from": case.owner_id, "to": agent_id}
        add_event(conn, case, kind="owner", data=data, new_id=new_id, actor_id="", now_ms=now_ms)
    if not row.watched and case.status == _UNWATCHED.new:  # of a watched one its clerk is told
        changes["status"] = _UNWATCHED.taken
        data = {"from": case.status, "to": _UNWATCHED.taken}
        add_event(conn, case, kind="status", data=data, new_id=new_id, actor_id="", now_ms=now_ms)
    if changes:
        write_changes(conn, case, changes, now_ms)
