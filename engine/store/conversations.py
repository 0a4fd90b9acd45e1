"""Interactions: finding them, what stands beside them, warning and closing them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from engine.errors import Conflict, NotFound
from engine.ids import NewId
from engine.model.casework import SignalKind
from engine.model.conversation import (
    Appended,
    Author,
    Draft,
    Entry,
    EntryKind,
    Interaction,
    InteractionState,
)
from engine.model.record import Overview
from engine.model.work import WorkState
from engine.store.access import Access
from engine.store.appends import append
from engine.store.cases.signals import add_signal
from engine.store.conditions import HAS_TOKEN, INTERACTION_OPEN, ITEM_PENDING
from engine.store.direct import first
from engine.store.overview import overview_of
from engine.store.rows import AnyRow, interaction_of
from engine.store.tables import interactions, work_items
from engine.store.upsert import change

_FIND = select(interactions).where(interactions.c.id == bindparam("iid"), interactions.c.org_id == bindparam("org"))
_LOCK = _FIND.with_for_update()
_BY_TOKEN = select(interactions).where(
    interactions.c.org_id == bindparam("org"),
    interactions.c.channel == bindparam("on"),
    interactions.c.token_hash == bindparam("token"),
    HAS_TOKEN,
)
_IDLE = "idle"
_REFUSED = "refused"
_UNANSWERED = frozenset({_REFUSED, "cancelled"})
TURNED_AWAY = frozenset({"refused", "message", "callback", "full", "closed"})
"""Reasons for which no queue took the work in; the customer may leave a message, or a number."""


class Conversations:
    """Find interactions, warn silent visitors, close what the board does not know."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def get(self, org_id: str, interaction_id: str) -> Interaction:
        """Return an interaction; raise NotFound."""
        return interaction_of(await self._access.look(lambda conn: find(conn, org_id, interaction_id)))

    async def by_token(self, org_id: str, channel: str, token_hash: str) -> Interaction | None:
        """Return the chat of a session token, open or closed."""
        values = {"org": org_id, "on": channel, "token": token_hash}
        row = await self._access.look(lambda conn: first(conn, _BY_TOKEN, values))
        return None if row is None else interaction_of(row)

    async def overview(self, org_id: str, interaction_id: str) -> Overview:
        """Return an interaction with its contact, case and work item; raise NotFound."""
        now_ms = self._access.clock.now_ms()
        return await self._access.look(lambda conn: overview_of(conn, org_id, interaction_id, now_ms))

    async def open_chats(self, org_id: str) -> list[Interaction]:
        """Return every open chat."""
        query = select(interactions).where(
            interactions.c.org_id == org_id, INTERACTION_OPEN, interactions.c.kind == "chat"
        )
        return await self._access.read(lambda conn: [interaction_of(row) for row in conn.execute(query)])

    async def idle(
        self, org_id: str, *, channel: str, warn_before_ms: int, close_before_ms: int, limit: int
    ) -> list[Interaction]:
        """Return open interactions with an agent whose visitor was silent too long.

        Not warned yet and silent since before ``warn_before_ms``, or warned before ``close_before_ms``.
        """
        silent = and_(interactions.c.warned_ms == 0, interactions.c.last_visitor_ms < warn_before_ms)
        ignored = and_(interactions.c.warned_ms > 0, interactions.c.warned_ms < close_before_ms)
        query = (
            select(interactions)
            .join(work_items, work_items.c.interaction_id == interactions.c.id)
            .where(
                interactions.c.org_id == org_id,
                interactions.c.channel == channel,
                INTERACTION_OPEN,
                work_items.c.state == WorkState.ACTIVE.value,
                or_(silent, ignored),
            )
            .order_by(interactions.c.last_visitor_ms)
            .limit(limit)
        )
        return await self._access.look(lambda conn: [interaction_of(row) for row in conn.execute(query)])

    async def warn(
        self, org_id: str, interaction_id: str, *, silent_since_ms: int, now_ms: int, body: str
    ) -> Appended | None:
        """Warn a visitor, once per silence; None when he has written after ``silent_since_ms``.

        Raises NotFound or Conflict (``interaction-closed``).
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: _warn(
                conn, (org_id, interaction_id), since_ms=silent_since_ms, body=body, new_id=new_id, now_ms=now_ms
            ),
        )

    async def close_silent(self, org_id: str, interaction_id: str, *, warned_ms: int, now_ms: int) -> Entry | None:
        """Close a conversation, unless its visitor has written since he was warned at ``warned_ms``.

        Returns the entry that tells of it; None when he has written, or it was closed before. Its work item stays
        with the agent until the board is told: see ``half_closed``. Raises NotFound.
        """
        new_id = self._access.new_id
        return await self._access.write(
            org_id,
            lambda conn: _close_silent(
                conn, (org_id, interaction_id), warned_ms=warned_ms, new_id=new_id, now_ms=now_ms
            ),
        )

    async def half_closed(self, org_id: str, *, channel: str, limit: int) -> list[Interaction]:
        """Return conversations that were closed for silence while the board was not told of it."""
        query = (
            select(interactions)
            .join(work_items, work_items.c.interaction_id == interactions.c.id)
            .where(
                work_items.c.org_id == org_id,
                work_items.c.state == WorkState.ACTIVE.value,
                interactions.c.channel == channel,
                interactions.c.state == InteractionState.CLOSED.value,
                interactions.c.close_reason == _IDLE,
            )
            .limit(limit)
        )
        return await self._access.read(lambda conn: [interaction_of(row) for row in conn.execute(query)])

    async def close(
        self, org_id: str, interaction_id: str, *, reason: str, now_ms: int, text: str = ""
    ) -> Entry | None:
        """Close an interaction whose work item never reached the board; its pending item closes with it.

        Returns the entry that tells of it, with ``text`` for the customer, None when it was closed before. Raises
        NotFound.
        """
        new_id, data = self._access.new_id, {"reason": reason, **({"text": text} if text else {})}
        return await self._access.write(
            org_id, lambda conn: _close(conn, (org_id, interaction_id), data=data, new_id=new_id, now_ms=now_ms)
        )


def find(conn: Connection, org_id: str, interaction_id: str) -> AnyRow:
    """Return the interaction's row; raise NotFound."""
    row = first(conn, _FIND, {"iid": interaction_id, "org": org_id})
    if row is None:
        raise NotFound(f"there is no interaction {interaction_id}", slug="unknown-interaction")
    return row


def lock(conn: Connection, org_id: str, interaction_id: str) -> AnyRow | None:
    """Return the interaction's row, locked until the transaction ends."""
    return first(conn, _LOCK, {"iid": interaction_id, "org": org_id})


def locked(conn: Connection, org_id: str, interaction_id: str) -> AnyRow:
    """Return the interaction's row as ``lock`` does; raise NotFound."""
    row = lock(conn, org_id, interaction_id)
    if row is None:
        raise NotFound(f"there is no interaction {interaction_id}", slug="unknown-interaction")
    return row


def _warn(
    conn: Connection, where: tuple[str, str], *, since_ms: int, body: str, new_id: NewId, now_ms: int
) -> Appended | None:
    row = locked(conn, *where)
    if row.state != InteractionState.OPEN:
        raise Conflict("the conversation has ended", slug="interaction-closed")
    if row.last_visitor_ms > since_ms:
        return None
    draft = Draft(
        kind=EntryKind.WARNING,
        author=Author.SYSTEM,
        client_id=f"warning:{row.last_visitor_ms}",
        body=body,
    )
    appended = append(conn, where, draft, entry_id=new_id(), now_ms=now_ms)
    if not appended.repeated:
        change(conn, interactions, {"id": where[1]}, {"warned_ms": now_ms})
    return appended


def _close_silent(
    conn: Connection, where: tuple[str, str], *, warned_ms: int, new_id: NewId, now_ms: int
) -> Entry | None:
    row = locked(conn, *where)
    if row.warned_ms != warned_ms:  # his message took the warning back
        return None
    return end_interaction(conn, row, data={"reason": _IDLE}, client_id="closed", new_id=new_id, now_ms=now_ms)


def outcome_of(reason: str) -> str:
    """Return how work ends that nobody answered."""
    if reason in TURNED_AWAY:
        return _REFUSED
    return reason if reason in _UNANSWERED else "abandoned"


def _close(
    conn: Connection, where: tuple[str, str], *, data: Mapping[str, str], new_id: NewId, now_ms: int
) -> Entry | None:
    row, reason = locked(conn, *where), data["reason"]
    conn.execute(
        update(work_items)
        .where(work_items.c.interaction_id == where[1], ITEM_PENDING)
        .values(state=WorkState.CLOSED.value, outcome=outcome_of(reason), closed_ms=now_ms, waiting_since_ms=0)
    )
    return end_interaction(conn, row, data=data, client_id="closed", new_id=new_id, now_ms=now_ms)


def end_interaction(
    conn: Connection, row: AnyRow, *, data: Mapping[str, str], client_id: str, new_id: NewId, now_ms: int
) -> Entry | None:
    """Close a locked interaction with its last entry, whose ``data`` says why; None when it was closed before."""
    if row.state != InteractionState.OPEN:
        return None
    draft = Draft(kind=EntryKind.ENDED, author=Author.SYSTEM, client_id=client_id, data=data)
    appended = append(conn, (row.org_id, row.id), draft, entry_id=new_id(), now_ms=now_ms)
    closed = {"state": InteractionState.CLOSED.value, "closed_ms": now_ms, "close_reason": data["reason"]}
    change(conn, interactions, {"id": row.id}, closed)
    if row.watched and row.case_id:
        told = {"interaction_id": row.id, "reason": data["reason"]}
        add_signal(conn, row.org_id, row.case_id, SignalKind.ENDED, new_id=new_id, at_ms=now_ms, **told)
    return appended.entry
