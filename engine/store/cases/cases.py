"""Cases: reading, opening by hand or at the end, changing under a version, commenting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select, update

from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import NewId
from engine.model.case import CASE_CHANGES, Case, CaseEvent, CaseStatus
from engine.model.casework import Decide, Decided
from engine.model.conversation import Interaction
from engine.model.record import CaseTimeline, Conversation
from engine.store.access import Access
from engine.store.cases.decide import attention, decide_case
from engine.store.cases.tables import case_events, cases
from engine.store.cases.writes import NewCase, add_event, lock_case, open_case, search_text, write_changes
from engine.store.conditions import INTERACTION_UNFILED, ITEM_OPEN
from engine.store.conversations import locked
from engine.store.rows import AnyRow, case_event_of, case_of, entry_of, interaction_of
from engine.store.search import containing
from engine.store.tables import entries, interactions, work_items

CaseList = list[Case]
CaseEvents = list[CaseEvent]
Interactions = list[Interaction]
Attention = list[tuple[str, int]]

EVENT_KINDS: Mapping[str, str] = {"owner_id": "owner"}
"""How the event of a changed field is called, where not like the field."""
CONVERSATIONS_SHOWN = 50
CLOSING = frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED})


class Cases:
    """Keep cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, case_id: str) -> Case:
        """Return a case; raise NotFound."""
        return await self._access.read(lambda conn: case_of(_find(conn, org_id, case_id)))

    async def by_number(self, org_id: str, number: int) -> Case:
        """Return the case with this number; raise NotFound."""
        query = select(cases).where(cases.c.org_id == org_id, cases.c.number == number)
        row = await self._access.read(lambda conn: conn.execute(query).first())
        if row is None:
            raise NotFound(f"there is no case {number}", slug="unknown-case")
        return case_of(row)

    async def list(
        self,
        org_id: str,
        *,
        status: str | None = None,
        owner_id: str | None = None,
        contact_id: str | None = None,
        text: str | None = None,
        limit: int = 100,
        before_number: int | None = None,
    ) -> CaseList:
        """Return cases, newest first, ``before_number`` exclusive; ``text`` is looked for in number and subject."""
        query = select(cases).where(cases.c.org_id == org_id)
        for column, wanted in (
            (cases.c.status, status),
            (cases.c.owner_id, owner_id),
            (cases.c.contact_id, contact_id),
        ):
            if wanted:
                query = query.where(column == wanted)
        if text:
            query = query.where(containing(cases.c.search, text))
        if before_number is not None:
            query = query.where(cases.c.number < before_number)
        query = query.order_by(cases.c.number.desc()).limit(limit)
        return await self._access.read(lambda conn: [case_of(row) for row in conn.execute(query)])

    async def events(self, org_id: str, case_id: str) -> CaseEvents:
        """Return a case's history, oldest first."""
        query = _history(org_id, case_id)
        return await self._access.read(lambda conn: [case_event_of(row) for row in conn.execute(query)])

    async def open_for(
        self, org_id: str, interaction_id: str, *, subject: str, actor_id: str, now_ms: int, watched: bool = False
    ) -> Case:
        """Open the interaction's case, or return the one it has. Idempotent; raises NotFound.

        ``watched``: what happens to it is told to its clerk.
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: _open_for(
                conn,
                (org_id, interaction_id),
                subject=subject,
                actor_id=actor_id,
                watched=watched,
                new_id=new_id,
                now_ms=now_ms,
            ),
        )

    async def change(
        self,
        org_id: str,
        case_id: str,
        *,
        version: int,
        changes: Mapping[str, object],
        actor_id: str,
        now_ms: int,
    ) -> Case:
        """Write ``changes`` (status, subject, priority, owner_id, queue, topic), each with an event.

        Raises NotFound, InvalidInput, or Conflict: ``stale-version`` (with the present ``version``) or
        ``illegal-status``.
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: _change(
                conn,
                (org_id, case_id),
                version=version,
                changes=changes,
                actor_id=actor_id,
                new_id=new_id,
                now_ms=now_ms,
            ),
        )

    async def decide(self, org_id: str, case_id: str, decide: Decide, *, actor_id: str = "", now_ms: int) -> Decided:
        """Ask the pure function ``decide`` about the locked case and write its decision, in one transaction.

        ``actor_id``: who it is made for. Raises NotFound, and whatever ``decide`` raises; then nothing is written.
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: decide_case(conn, (org_id, case_id), decide, actor_id=actor_id, new_id=new_id, now_ms=now_ms),
        )

    async def attention(self, org_id: str, *, now_ms: int, limit: int) -> Attention:
        """Return up to ``limit`` cases with signals or due timers, and since when (ms), oldest first."""
        return await self._access.read(lambda conn: attention(conn, org_id, now_ms=now_ms, limit=limit))

    async def comment(
        self, org_id: str, case_id: str, *, body: str, actor_id: str, client_id: str, now_ms: int
    ) -> CaseEvent:
        """Add a comment; the same actor's ``client_id`` is the same comment. Raises NotFound."""
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: _comment(
                conn,
                (org_id, case_id),
                body=body,
                actor_id=actor_id,
                client_id=client_id,
                new_id=new_id,
                now_ms=now_ms,
            ),
        )

    async def timeline(self, org_id: str, case_id: str, *, limit: int = 500) -> CaseTimeline:
        """Return a case with its events and conversations, oldest first; at most ``limit`` lines of each."""
        return await self._access.read(lambda conn: _timeline(conn, org_id, case_id, limit))

    async def closed_without_case(
        self, org_id: str, *, channels: Sequence[str], since_ms: int, limit: int
    ) -> Interactions:
        """Return interactions of ``channels`` closed since ``since_ms`` that have no case, oldest first."""
        query = (
            select(interactions)
            .where(
                interactions.c.org_id == org_id,
                INTERACTION_UNFILED,
                interactions.c.closed_ms >= since_ms,
                interactions.c.channel.in_(list(channels)),
            )
            .order_by(interactions.c.closed_ms)
            .limit(limit)
        )
        return await self._access.read(lambda conn: [interaction_of(row) for row in conn.execute(query)])


def _find(conn: Connection, org_id: str, case_id: str) -> AnyRow:
    return _there(conn.execute(select(cases).where(cases.c.id == case_id, cases.c.org_id == org_id)).first(), case_id)


def _there(row: AnyRow | None, case_id: str) -> AnyRow:
    if row is None:
        raise NotFound(f"there is no case {case_id}", slug="unknown-case")
    return row


def _history(org_id: str, case_id: str) -> Select[Any]:
    return (
        select(case_events)
        .where(case_events.c.case_id == case_id, case_events.c.org_id == org_id)
        .order_by(case_events.c.number)
    )


def _open_for(
    conn: Connection,
    where: tuple[str, str],
    *,
    subject: str,
    actor_id: str,
    watched: bool,
    new_id: NewId,
    now_ms: int,
) -> Case:
    row = locked(conn, *where)
    if row.case_id:
        return case_of(_find(conn, where[0], row.case_id))
    item = conn.execute(
        select(work_items).where(work_items.c.interaction_id == row.id).order_by(work_items.c.id.desc()).limit(1)
    ).first()
    new = NewCase(
        org_id=where[0],
        subject=subject or row.topic or row.channel,
        contact_id=row.contact_id,
        interaction_id=row.id,
        queue=item.queue if item is not None else "",
        priority=item.priority if item is not None else 0,
        origin=row.channel,
        topic=row.topic,
        owner_id=actor_id or (item.agent_id if item is not None else ""),
        watched=watched,
    )
    case = open_case(conn, new, new_id=new_id, actor_id=actor_id, now_ms=now_ms)
    filed = {"case_id": case.id, "watched": int(watched)}
    conn.execute(update(interactions).where(interactions.c.id == row.id).values(filed))
    conn.execute(update(work_items).where(work_items.c.interaction_id == row.id, ITEM_OPEN).values(case_id=case.id))
    return case


def _status(case: Case, value: object) -> str:
    status = CaseStatus(_text(case, value))
    if status is not case.status and status not in CASE_CHANGES[case.status]:
        raise Conflict(f"a case that is {case.status} cannot become {status}", slug="illegal-status")
    return status.value


def _text(_case: Case, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"text is needed, not {value!r}")
    return value


def _number(_case: Case, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"a whole number is needed, not {value!r}")
    return value


CHANGEABLE: Mapping[str, Callable[[Case, object], str | int]] = {
    "status": _status,
    "subject": _text,
    "priority": _number,
    "owner_id": _text,
    "queue": _text,
    "topic": _text,
}
"""Fields that may be changed, and what checks their new value."""


def _checked(case: Case, changes: Mapping[str, object]) -> dict[str, str | int]:
    """Return what really changes; raise InvalidInput or Conflict."""
    checked: dict[str, str | int] = {}
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise InvalidInput(f"a case's {name!r} cannot be changed", mend=f"Known: {', '.join(CHANGEABLE)}.")
        try:
            new = CHANGEABLE[name](case, value)
        except ValueError as error:
            raise InvalidInput(f"{value!r} is no case status") from error
        if new != getattr(case, name):
            checked[name] = new
    return checked


def _change(
    conn: Connection,
    where: tuple[str, str],
    *,
    version: int,
    changes: Mapping[str, object],
    actor_id: str,
    new_id: NewId,
    now_ms: int,
) -> Case:
    case = case_of(_there(lock_case(conn, *where), where[1]))
    if version != case.version:
        raise Conflict("somebody else changed the case", slug="stale-version", version=case.version)
    checked = _checked(case, changes)
    if not checked:
        return case
    for name, new in checked.items():
        data: dict[str, object] = {"from": getattr(case, name), "to": new}
        kind = EVENT_KINDS.get(name, name)
        add_event(conn, case, kind=kind, data=data, new_id=new_id, actor_id=actor_id, now_ms=now_ms)
    write_changes(conn, case, {**checked, **_consequences(case, checked, now_ms)}, now_ms)
    return case_of(_find(conn, *where))


def _consequences(case: Case, checked: Mapping[str, str | int], now_ms: int) -> dict[str, object]:
    """Return the columns that follow from the change."""
    more: dict[str, object] = {}
    if "subject" in checked:
        more["search"] = search_text(case.number, str(checked["subject"]))
    if "status" in checked:
        more["closed_ms"] = (case.closed_ms or now_ms) if checked["status"] in CLOSING else 0
    return more


def _comment(
    conn: Connection,
    where: tuple[str, str],
    *,
    body: str,
    actor_id: str,
    client_id: str,
    new_id: NewId,
    now_ms: int,
) -> CaseEvent:
    case = case_of(_there(lock_case(conn, *where), where[1]))
    event = add_event(
        conn,
        case,
        kind="comment",
        data={"body": body},
        new_id=new_id,
        actor_id=actor_id,
        now_ms=now_ms,
        client_id=client_id,
    )
    if event is not None:
        conn.execute(update(cases).where(cases.c.id == case.id).values(updated_ms=now_ms))
        return event
    return case_event_of(
        conn.execute(
            select(case_events).where(
                case_events.c.case_id == case.id,
                case_events.c.actor_id == actor_id,
                case_events.c.client_id == client_id,
            )
        ).one()
    )


def _timeline(conn: Connection, org_id: str, case_id: str, limit: int) -> CaseTimeline:
    case = case_of(_find(conn, org_id, case_id))
    found = conn.execute(
        select(interactions)
        .where(interactions.c.org_id == org_id, interactions.c.case_id == case_id)
        .order_by(interactions.c.id)
        .limit(CONVERSATIONS_SHOWN)
    )
    return CaseTimeline(
        case=case,
        events=tuple(case_event_of(row) for row in conn.execute(_history(org_id, case_id).limit(limit))),
        conversations=tuple(_conversation(conn, interaction_of(row), limit) for row in found.all()),
    )


def _conversation(conn: Connection, interaction: Interaction, limit: int) -> Conversation:
    rows = conn.execute(
        select(entries).where(entries.c.interaction_id == interaction.id).order_by(entries.c.seq).limit(limit)
    )
    return Conversation(interaction=interaction, entries=tuple(entry_of(row) for row in rows))
