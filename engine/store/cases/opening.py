"""Opening a case: for a conversation, at most one each; or by hand, without one."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from engine.ids import NewId
from engine.model.case import Case, NewCase
from engine.model.case_setup import Filing
from engine.store.cases.references import check_references
from engine.store.cases.tables import cases
from engine.store.cases.writes import ensure_organisation, open_case
from engine.store.conditions import HAS_CASE_REQUEST, ITEM_OPEN
from engine.store.conversations import locked
from engine.store.direct import first
from engine.store.rows import AnyRow, case_of
from engine.store.tables import interactions, organisations, work_items

_OF_REQUEST = select(cases).where(
    cases.c.org_id == bindparam("org"), cases.c.request_key == bindparam("key"), HAS_CASE_REQUEST
)
_ORGANISATION = select(organisations.c.org_id).where(organisations.c.org_id == bindparam("org")).with_for_update()
_OF_INTERACTION = select(cases).where(cases.c.id == bindparam("case"), cases.c.org_id == bindparam("org"))


def open_for(
    conn: Connection, where: tuple[str, str], *, subject: str, actor_id: str, filing: Filing, new_id: NewId, now_ms: int
) -> Case:
    """Open the case of the interaction ``where`` (organisation, id), or return the one it has; raise NotFound."""
    row = locked(conn, *where)
    known = first(conn, _OF_INTERACTION, {"case": row.case_id, "org": where[0]}) if row.case_id else None
    if known is not None:
        return case_of(known)
    item = conn.execute(
        select(work_items).where(work_items.c.interaction_id == row.id).order_by(work_items.c.id.desc()).limit(1)
    ).first()
    case = open_case(
        conn,
        _of_interaction(row, item, subject=subject, actor_id=actor_id, filing=filing),
        new_id=new_id,
        actor_id=actor_id,
        now_ms=now_ms,
    )
    filed = {"case_id": case.id, "watched": int(filing.watched)}
    conn.execute(update(interactions).where(interactions.c.id == row.id).values(filed))
    conn.execute(update(work_items).where(work_items.c.interaction_id == row.id, ITEM_OPEN).values(case_id=case.id))
    return case


def _of_interaction(row: AnyRow, item: AnyRow | None, *, subject: str, actor_id: str, filing: Filing) -> NewCase:
    return NewCase(
        org_id=row.org_id,
        subject=subject or row.topic or row.channel,
        contact_id=row.contact_id,
        interaction_id=row.id,
        queue=item.queue if item is not None else "",
        priority=item.priority if item is not None else 0,
        origin=row.channel,
        topic=row.topic,
        owner_id=actor_id or (item.agent_id if item is not None else ""),
        filing=filing,
    )


def open_alone(conn: Connection, new: NewCase, *, new_id: NewId, actor_id: str, now_ms: int) -> Case:
    """Open a case without a conversation; the same ``request_key`` is the same case.

    Raises NotFound, InvalidInput, Conflict for what it refers to.
    """
    known = _requested(conn, new)
    if known is not None:
        return known
    wanted = {name: getattr(new, name) for name in ("owner_id", "contact_id", "account_id", "parent_id")}
    check_references(conn, Case(id="", org_id=new.org_id, number=0, subject="", contact_id=""), wanted)
    known = _requested_meanwhile(conn, new, now_ms)
    if known is not None:
        return known
    return open_case(conn, new, new_id=new_id, actor_id=actor_id, now_ms=now_ms)


def _requested(conn: Connection, new: NewCase) -> Case | None:
    if not new.request_key:
        return None
    row = first(conn, _OF_REQUEST, {"org": new.org_id, "key": new.request_key})
    return None if row is None else case_of(row)


def _requested_meanwhile(conn: Connection, new: NewCase, now_ms: int) -> Case | None:
    """Look again once nobody else can open a case: by then another process may have."""
    if not new.request_key:
        return None
    ensure_organisation(conn, new.org_id, now_ms)
    first(conn, _ORGANISATION, {"org": new.org_id})
    return _requested(conn, new)
