"""Transcripts: entries in order, and how far each side has received and read them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from engine.failpoints import failpoint
from engine.model.conversation import (
    INTERNAL_KINDS,
    Appended,
    Draft,
    Entry,
    VisitorMark,
)
from engine.model.record import Overview
from engine.store.access import Access
from engine.store.appends import AppendJob
from engine.store.conversations import locked
from engine.store.direct import every
from engine.store.overview import overview_of
from engine.store.rows import entry_of
from engine.store.tables import entries, interactions
from engine.store.upsert import change

CHUNK = 500
"""Ids per query."""

_SINCE: Select[Any] = (
    select(entries)
    .where(
        entries.c.interaction_id == bindparam("iid"),
        entries.c.org_id == bindparam("org"),
        entries.c.seq > bindparam("after"),
    )
    .order_by(entries.c.seq)
    .limit(bindparam("most"))
)
_PUBLIC_SINCE = _SINCE.where(*(entries.c.kind != kind.value for kind in sorted(INTERNAL_KINDS)))
_LAST: Select[Any] = (
    select(entries)
    .where(entries.c.interaction_id == bindparam("iid"), entries.c.org_id == bindparam("org"))
    .order_by(entries.c.seq.desc())
    .limit(bindparam("most"))
)
_IDS = tuple(f"id{number}" for number in range(CHUNK))
_LAST_SEQS = select(interactions.c.id, interactions.c.last_seq).where(
    interactions.c.id.in_([bindparam(name) for name in _IDS])
)


class Transcripts:
    """Append to transcripts and read them."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def append(self, org_id: str, interaction_id: str, draft: Draft, *, now_ms: int) -> Appended:
        """Append ``draft`` and return its entry after the commit; idempotent by author and client id.

        Raises NotFound, or Conflict (``interaction-closed``) for anything but a note or a repeat.
        """
        failpoint("transcript.before-commit")
        entry_id = self._access.new_id()
        job = AppendJob(org_id=org_id, interaction_id=interaction_id, draft=draft, entry_id=entry_id, now_ms=now_ms)
        appended: Appended = await self._access.write(org_id, job, urgent=True)
        failpoint("transcript.after-commit")
        return appended

    async def since(
        self, org_id: str, interaction_id: str, *, after_seq: int, limit: int = 200, public_only: bool = False
    ) -> list[Entry]:
        """Return entries after ``after_seq`` in order, at most ``limit``; ``public_only`` as the customer sees them."""
        query = _PUBLIC_SINCE if public_only else _SINCE
        values = {"iid": interaction_id, "org": org_id, "after": after_seq, "most": limit}
        return await self._access.look(lambda conn: [entry_of(row) for row in every(conn, query, values)])

    async def shown(self, org_id: str, interaction_id: str, *, last: int) -> tuple[Overview, list[Entry]]:
        """Return a conversation as ``overview`` does, with its last entries as they stood just before; raise NotFound.

        Whoever follows the conversation is told of a later entry; he must have begun to follow it before.
        """
        now_ms = self._access.clock.now_ms()
        return await self._access.look(lambda conn: _shown(conn, (org_id, interaction_id), last=last, now_ms=now_ms))

    async def mark_visitor(self, org_id: str, interaction_id: str, *, delivered_seq: int, read_seq: int) -> VisitorMark:
        """Move the visitor's marks forward, never back nor beyond the last entry. Raises NotFound."""
        return await self._access.write(
            org_id,
            lambda conn: _mark_visitor(conn, org_id, interaction_id, delivered_seq=delivered_seq, read_seq=read_seq),
        )

    async def mark_agent(self, org_id: str, interaction_id: str, *, read_seq: int) -> None:
        """Move the agents' read mark forward. Raises NotFound."""
        await self._access.write(org_id, lambda conn: _mark_agent(conn, org_id, interaction_id, read_seq=read_seq))

    async def last_seqs(self, interaction_ids: Sequence[str]) -> dict[str, int]:
        """Return the number of the last entry of each interaction that exists."""
        return await self._access.read(lambda conn: _last_seqs(conn, interaction_ids))


def _shown(conn: Connection, where: tuple[str, str], *, last: int, now_ms: int) -> tuple[Overview, list[Entry]]:
    org_id, interaction_id = where
    found = every(conn, _LAST, {"iid": interaction_id, "org": org_id, "most": last})
    overview = overview_of(conn, org_id, interaction_id, now_ms)
    return overview, [entry_of(row) for row in reversed(found)]


def _mark_visitor(
    conn: Connection, org_id: str, interaction_id: str, *, delivered_seq: int, read_seq: int
) -> VisitorMark:
    row = locked(conn, org_id, interaction_id)
    read = max(row.read_seq, min(read_seq, row.last_seq))
    delivered = max(row.delivered_seq, min(delivered_seq, row.last_seq), read)
    if (delivered, read) != (row.delivered_seq, row.read_seq):
        change(conn, interactions, {"id": interaction_id}, {"delivered_seq": delivered, "read_seq": read})
    return VisitorMark(interaction_id=interaction_id, delivered_seq=delivered, read_seq=read)


def _mark_agent(conn: Connection, org_id: str, interaction_id: str, *, read_seq: int) -> None:
    row = locked(conn, org_id, interaction_id)
    read = min(read_seq, row.last_seq)
    if read > row.agent_read_seq:
        change(conn, interactions, {"id": interaction_id}, {"agent_read_seq": read})


def _last_seqs(conn: Connection, interaction_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(interaction_ids), CHUNK):
        chunk = interaction_ids[start : start + CHUNK]
        values = dict(zip_longest(_IDS, chunk, fillvalue=""))  # the same statement, however many are asked for
        found.update((row.id, row.last_seq) for row in every(conn, _LAST_SEQS, values))
    return found
