"""Transcripts: entries in order, and how far each side has received and read them.

The interaction's row is locked first, so ``seq`` counts without gaps on both databases. A repeat is recognised by
the unique index on (interaction, author, client id), which spares the common case a query.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from engine.errors import Conflict, NotFound
from engine.failpoints import failpoint
from engine.model.conversation import (
    INTERNAL_KINDS,
    Appended,
    Author,
    Draft,
    Entry,
    EntryKind,
    InteractionState,
    VisitorMark,
)
from engine.store.access import Access
from engine.store.conditions import HAS_CLIENT_ID, SEGMENT_UNANSWERED
from engine.store.direct import first, run
from engine.store.json_text import dump
from engine.store.rows import AnyRow, entry_of
from engine.store.tables import entries, interactions, segments
from engine.store.upsert import change, once

CHUNK = 500
"""Ids per query."""

_LOCK = (
    select(interactions.c.state, interactions.c.last_seq)
    .where(interactions.c.id == bindparam("iid"), interactions.c.org_id == bindparam("org"))
    .with_for_update()
)
_MARKS = (
    select(
        interactions.c.last_seq,
        interactions.c.delivered_seq,
        interactions.c.read_seq,
        interactions.c.agent_read_seq,
    )
    .where(interactions.c.id == bindparam("iid"), interactions.c.org_id == bindparam("org"))
    .with_for_update()
)
_REPEATED = select(entries).where(
    entries.c.interaction_id == bindparam("iid"),
    entries.c.author == bindparam("who"),
    entries.c.client_id == bindparam("client"),
    HAS_CLIENT_ID,
)
_COUNT = update(interactions).where(interactions.c.id == bindparam("iid")).values(last_seq=bindparam("seq"))
_COUNT_VISITOR = _COUNT.values(last_visitor_ms=bindparam("now"), warned_ms=0)
_ANSWER = (
    update(segments)
    .where(segments.c.interaction_id == bindparam("iid"), SEGMENT_UNANSWERED)
    .values(answered_ms=bindparam("now"))
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
        appended = await self._access.write(
            org_id, lambda conn: append(conn, (org_id, interaction_id), draft, entry_id=entry_id, now_ms=now_ms)
        )
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


def append(
    conn: Connection, where: tuple[str, str], draft: Draft, *, entry_id: str, now_ms: int, force: bool = False
) -> Appended:
    """Append to the interaction ``where`` (organisation, id); ``force`` lets the engine write after the end."""
    org_id, interaction_id = where
    row = run(conn, _LOCK, {"iid": interaction_id, "org": org_id}).fetchone()
    if row is None:
        raise NotFound(f"there is no interaction {interaction_id}", slug="unknown-interaction")
    state, last_seq = row
    if state != InteractionState.OPEN and draft.kind is not EntryKind.NOTE and not force:
        repeated = _find_repeated(conn, interaction_id, draft)
        if repeated is None:
            raise Conflict("the conversation has ended", slug="interaction-closed")
        return Appended(entry=repeated, repeated=True)
    entry = _entry(draft, entry_id=entry_id, interaction_id=interaction_id, seq=last_seq + 1, now_ms=now_ms)
    inserted = run(conn, once(conn.dialect.name, entries), row_of_entry(org_id, entry))
    if inserted.rowcount != 1:
        repeated = _find_repeated(conn, interaction_id, draft)
        if repeated is None:
            raise Conflict("two writers gave one number", slug="transcript-broken")
        return Appended(entry=repeated, repeated=True)
    _count(conn, entry, now_ms)
    return Appended(entry=entry, repeated=False)


def _entry(draft: Draft, *, entry_id: str, interaction_id: str, seq: int, now_ms: int) -> Entry:
    return Entry(
        id=entry_id,
        interaction_id=interaction_id,
        seq=seq,
        kind=draft.kind,
        author=draft.author,
        author_id=draft.author_id,
        author_name=draft.author_name,
        client_id=draft.client_id,
        body=draft.body,
        at_ms=now_ms,
        data=draft.data,
    )


def row_of_entry(org_id: str, entry: Entry) -> dict[str, object]:
    """Write an entry as a row."""
    return {
        "interaction_id": entry.interaction_id,
        "seq": entry.seq,
        "org_id": org_id,
        "id": entry.id,
        "kind": entry.kind.value,
        "author": entry.author.value,
        "author_id": entry.author_id,
        "author_name": entry.author_name,
        "client_id": entry.client_id,
        "body": entry.body,
        "data": dump(entry.data) if entry.data else "{}",
        "at_ms": entry.at_ms,
    }


def _count(conn: Connection, entry: Entry, now_ms: int) -> None:
    """Move the interaction's counter and the clocks that a message stops."""
    values = {"iid": entry.interaction_id, "seq": entry.seq}
    if entry.author is Author.VISITOR:
        run(conn, _COUNT_VISITOR, {**values, "now": now_ms})
        return
    run(conn, _COUNT, values)
    if entry.author is Author.AGENT and entry.kind is EntryKind.MESSAGE:
        run(conn, _ANSWER, {"iid": entry.interaction_id, "now": now_ms})


def _find_repeated(conn: Connection, interaction_id: str, draft: Draft) -> Entry | None:
    return find_entry(conn, interaction_id, draft.author, draft.client_id)


def find_entry(conn: Connection, interaction_id: str, author: Author, client_id: str) -> Entry | None:
    """Return the entry that ``author`` wrote as ``client_id``."""
    if not client_id:
        return None
    values = {"iid": interaction_id, "who": author.value, "client": client_id}
    row = first(conn, _REPEATED, values)
    return None if row is None else entry_of(row)


def _locked(conn: Connection, org_id: str, interaction_id: str) -> AnyRow:
    row = first(conn, _MARKS, {"iid": interaction_id, "org": org_id})
    if row is None:
        raise NotFound(f"there is no interaction {interaction_id}", slug="unknown-interaction")
    return row


def _mark_visitor(
    conn: Connection, org_id: str, interaction_id: str, *, delivered_seq: int, read_seq: int
) -> VisitorMark:
    row = _locked(conn, org_id, interaction_id)
    read = max(row.read_seq, min(read_seq, row.last_seq))
    delivered = max(row.delivered_seq, min(delivered_seq, row.last_seq), read)
    if (delivered, read) != (row.delivered_seq, row.read_seq):
        change(conn, interactions, {"id": interaction_id}, {"delivered_seq": delivered, "read_seq": read})
    return VisitorMark(interaction_id=interaction_id, delivered_seq=delivered, read_seq=read)


def _mark_agent(conn: Connection, org_id: str, interaction_id: str, *, read_seq: int) -> None:
    row = _locked(conn, org_id, interaction_id)
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
