"""Appending to a transcript: in several small statements, or sent to PostgreSQL as a single one, unawaited.

The interaction's row is locked first, so ``seq`` counts without gaps on both databases. A repeat is recognised by
the unique index on (interaction, author, client id), which spares the common case a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, bindparam, select, update

from engine.errors import Conflict, NotFound
from engine.model.conversation import Appended, Author, Draft, Entry, EntryKind, InteractionState
from engine.store.cases.signals import add_said, signal_kind
from engine.store.conditions import HAS_CLIENT_ID, SEGMENT_UNANSWERED
from engine.store.direct import Cursor, execute, first, run
from engine.store.jobs import OneStatement
from engine.store.json_text import dump
from engine.store.rows import entry_of
from engine.store.tables import entries, interactions, segments
from engine.store.upsert import once

_LOCK = (
    select(interactions.c.state, interactions.c.last_seq, interactions.c.watched, interactions.c.case_id)
    .where(interactions.c.id == bindparam("iid"), interactions.c.org_id == bindparam("org"))
    .with_for_update()
)
_LOCK_TALKING = (
    select(
        interactions.c.state,
        interactions.c.last_seq,
        interactions.c.watched,
        interactions.c.case_id,
        select(segments.c.number)
        .where(segments.c.interaction_id == interactions.c.id, SEGMENT_UNANSWERED)
        .limit(1)
        .scalar_subquery(),
    )
    .where(interactions.c.id == bindparam("iid"), interactions.c.org_id == bindparam("org"))
    .with_for_update(of=interactions)
)
"""With whether an answer is waited for, which it nearly always is not: the first one is the only one that counts."""
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

# The same as ``append`` does, in one round trip. The row is locked first; waiting for it yields its newest version,
# so the number is right whoever else writes. Nothing is inserted for a repeat, and then nothing is counted either.
_APPEND = """
WITH locked AS (
  SELECT id, org_id, state, last_seq, watched, case_id FROM interactions
  WHERE id = %(interaction_id)s AND org_id = %(org_id)s FOR UPDATE
), added AS (
  INSERT INTO entries (interaction_id, seq, org_id, id, kind, author, author_id, author_name, client_id, body, data,
    at_ms)
  SELECT locked.id, locked.last_seq + 1, locked.org_id, %(id)s, %(kind)s, %(author)s, %(author_id)s, %(author_name)s,
    %(client_id)s, %(body)s, %(data)s, %(at_ms)s
  FROM locked WHERE locked.state = 'open' OR %(always)s
  ON CONFLICT DO NOTHING RETURNING interaction_id, seq
), counted AS (
  UPDATE interactions SET last_seq = added.seq,
    last_visitor_ms = CASE WHEN %(visitor)s THEN %(at_ms)s ELSE last_visitor_ms END,
    warned_ms = CASE WHEN %(visitor)s THEN 0 ELSE warned_ms END
  FROM added WHERE interactions.id = added.interaction_id
), answered AS (
  UPDATE segments SET answered_ms = %(at_ms)s
  FROM added
  WHERE %(answers)s AND segments.interaction_id = added.interaction_id AND ended_ms = 0 AND answered_ms = 0
), signalled AS (
  INSERT INTO case_signals (id, org_id, case_id, kind, at_ms, data)
  SELECT %(id)s, locked.org_id, locked.case_id, %(signal)s, %(at_ms)s,
    jsonb_build_object('interaction_id', locked.id, 'seq', added.seq, 'text', left(%(body)s, 2000))::text
  FROM locked JOIN added ON added.interaction_id = locked.id
  WHERE locked.watched = 1 AND locked.case_id <> '' AND %(signal)s <> ''
)
SELECT locked.state, added.seq FROM locked LEFT JOIN added ON added.interaction_id = locked.id
"""


def append(
    conn: Connection, where: tuple[str, str], draft: Draft, *, entry_id: str, now_ms: int, force: bool = False
) -> Appended:
    """Append to the interaction ``where`` (organisation, id); ``force`` lets the engine write after the end."""
    org_id, interaction_id = where
    answers = draft.author is Author.AGENT and draft.kind is EntryKind.MESSAGE
    row = run(conn, _LOCK_TALKING if answers else _LOCK, {"iid": interaction_id, "org": org_id}).fetchone()
    if row is None:
        raise NotFound(f"there is no interaction {interaction_id}", slug="unknown-interaction")
    state, last_seq = row[:2]
    if state != InteractionState.OPEN and draft.kind is not EntryKind.NOTE and not force:
        repeated = _find_repeated(conn, interaction_id, draft)
        if repeated is None:
            raise Conflict("the conversation has ended", slug="interaction-closed")
        return Appended(entry=repeated, repeated=True)
    entry = entry_from(draft, entry_id=entry_id, interaction_id=interaction_id, seq=last_seq + 1, now_ms=now_ms)
    inserted = run(conn, once(conn.dialect.name, entries), row_of_entry(org_id, entry))
    if inserted.rowcount != 1:
        repeated = _find_repeated(conn, interaction_id, draft)
        if repeated is None:
            raise Conflict("two writers gave one number", slug="transcript-broken")
        return Appended(entry=repeated, repeated=True)
    _count(conn, entry, now_ms)
    if answers and row[4] is not None:
        run(conn, _ANSWER, {"iid": interaction_id, "now": now_ms})
    if row[2] and row[3] and (kind := signal_kind(draft)):
        add_said(conn, org_id, row[3], entry, kind=kind)
    return Appended(entry=entry, repeated=False)


def entry_from(draft: Draft, *, entry_id: str, interaction_id: str, seq: int, now_ms: int) -> Entry:
    """Return the entry that a draft becomes under a number."""
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
    """Move the interaction's counter, and the visitor's clock if he wrote."""
    values = {"iid": entry.interaction_id, "seq": entry.seq}
    if entry.author is Author.VISITOR:
        run(conn, _COUNT_VISITOR, {**values, "now": now_ms})
    else:
        run(conn, _COUNT, values)


def _find_repeated(conn: Connection, interaction_id: str, draft: Draft) -> Entry | None:
    return find_entry(conn, interaction_id, draft.author, draft.client_id)


def find_entry(conn: Connection, interaction_id: str, author: Author, client_id: str) -> Entry | None:
    """Return the entry that ``author`` wrote as ``client_id``."""
    if not client_id:
        return None
    values = {"iid": interaction_id, "who": author.value, "client": client_id}
    row = first(conn, _REPEATED, values)
    return None if row is None else entry_of(row)


@dataclass(kw_only=True, slots=True)  # not frozen: made for each message
class AppendJob(OneStatement):
    """Append ``draft`` to an interaction."""

    org_id: str
    interaction_id: str
    draft: Draft
    entry_id: str
    now_ms: int

    def __call__(self, conn: Connection) -> Appended:
        """Append step by step."""
        where = (self.org_id, self.interaction_id)
        return append(conn, where, self.draft, entry_id=self.entry_id, now_ms=self.now_ms)

    def send(self, conn: Connection) -> Cursor:
        """Send the whole append; its answer is not waited for."""
        draft = self.draft
        row = self.row(0)
        by_visitor = draft.author is Author.VISITOR
        row["visitor"] = by_visitor
        row["answers"] = draft.author is Author.AGENT and draft.kind is EntryKind.MESSAGE
        row["always"] = draft.kind is EntryKind.NOTE
        row["signal"] = signal_kind(draft)
        return execute(conn, _APPEND, row)

    def finish(self, conn: Connection, sent: Cursor) -> Appended:
        """Read the answer. Raises NotFound or Conflict, when nothing was written."""
        row = sent.fetchone()
        if row is None:
            raise NotFound(f"there is no interaction {self.interaction_id}", slug="unknown-interaction")
        state, seq = row
        if seq is not None:
            return Appended(entry=self.entry(seq=cast("int", seq)), repeated=False)
        repeated = find_entry(conn, self.interaction_id, self.draft.author, self.draft.client_id)
        if repeated is not None:
            return Appended(entry=repeated, repeated=True)
        if state != "open" and self.draft.kind is not EntryKind.NOTE:
            raise Conflict("the conversation has ended", slug="interaction-closed")
        raise Conflict("two writers gave one number", slug="transcript-broken")

    def row(self, seq: int) -> dict[str, object]:
        """Return the entry's row under a number."""
        return row_of_entry(self.org_id, self.entry(seq=seq))

    def entry(self, *, seq: int) -> Entry:
        """Return the entry under a number."""
        return entry_from(
            self.draft, entry_id=self.entry_id, interaction_id=self.interaction_id, seq=seq, now_ms=self.now_ms
        )
