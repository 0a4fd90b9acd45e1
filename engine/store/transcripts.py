"""Transcripts: entries in order, and how far each side has received and read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from engine.failpoints import failpoint
from engine.model.conversation import (
    INTERNAL_KINDS,
    Appended,
    Draft,
    Entry,
    VisitorMark,
)
from engine.store.access import Access
from engine.store.appends import AppendJob
from engine.store.conversations import locked
from engine.store.rows import entry_of
from engine.store.tables import entries, interactions
from engine.store.upsert import change

CHUNK = 500
"""Ids per query."""


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
        query = (
            select(entries)
            .where(
                entries.c.interaction_id == interaction_id,
                entries.c.org_id == org_id,
                entries.c.seq > after_seq,
            )
            .order_by(entries.c.seq)
            .limit(limit)
        )
        if public_only:
            query = query.where(entries.c.kind.not_in(sorted(INTERNAL_KINDS)))
        return await self._access.read(lambda conn: [entry_of(row) for row in conn.execute(query)])

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
        chunk = list(interaction_ids[start : start + CHUNK])
        query = select(interactions.c.id, interactions.c.last_seq).where(interactions.c.id.in_(chunk))
        found.update((row.id, row.last_seq) for row in conn.execute(query))
    return found
