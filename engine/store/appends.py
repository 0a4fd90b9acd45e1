"""Appending to a transcript: one statement, to PostgreSQL sent unawaited.

Several would be as right, but at each of them the driver of SQLite lets the interpreter's lock go six or seven times
and must win it back from the event loop. ``seq`` counts without gaps, since the interaction's row is locked (on
SQLite all is). A repeat is recognised by the unique index on (interaction, author, client id), which spares the common
case a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, bindparam, select

from engine.errors import Conflict, NotFound
from engine.model.conversation import Appended, Author, Draft, Entry, EntryKind
from engine.store.cases.signals import add_said, signal_kind
from engine.store.conditions import HAS_CLIENT_ID
from engine.store.direct import Cursor, execute, first, scalar
from engine.store.jobs import OneStatement
from engine.store.json_text import dump
from engine.store.rows import entry_of
from engine.store.tables import entries, interactions

_REPEATED = select(entries).where(
    entries.c.interaction_id == bindparam("iid"),
    entries.c.author == bindparam("who"),
    entries.c.client_id == bindparam("client"),
    HAS_CLIENT_ID,
)
_STATE = select(interactions.c.state).where(
    interactions.c.id == bindparam("iid"), interactions.c.org_id == bindparam("org")
)

# PostgreSQL: all of it in one round trip. The row is locked first; waiting for it yields its newest version, so the
# number is right whoever else writes. Nothing is inserted for a repeat, and then nothing is counted either.
_SERVER = """
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
# SQLite, where one transaction writes at a time: triggers count (migration 0021).
_FILE = """
INSERT INTO entries (interaction_id, seq, org_id, id, kind, author, author_id, author_name, client_id, body, data,
  at_ms)
SELECT interactions.id, interactions.last_seq + 1, interactions.org_id, ?, ?, ?, ?, ?, ?, ?, ?, ?
FROM interactions WHERE interactions.id = ? AND interactions.org_id = ? AND (interactions.state = 'open' OR ?)
ON CONFLICT DO NOTHING
RETURNING seq, (SELECT CASE WHEN known.watched = 1 THEN known.case_id ELSE '' END
  FROM interactions AS known WHERE known.id = entries.interaction_id)
"""


def append(
    conn: Connection, where: tuple[str, str], draft: Draft, *, entry_id: str, now_ms: int, force: bool = False
) -> Appended:
    """Append to the interaction ``where`` (organisation, id); ``force`` lets the engine write after the end."""
    job = AppendJob(
        org_id=where[0], interaction_id=where[1], draft=draft, entry_id=entry_id, now_ms=now_ms, force=force
    )
    return job(conn)


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
    force: bool = False

    def __call__(self, conn: Connection) -> Appended:
        """Append. Raises NotFound or Conflict, when nothing was written."""
        return self.finish(conn, self.send(conn))

    def send(self, conn: Connection) -> Cursor:
        """Send the whole append; its answer is not waited for."""
        if conn.dialect.name == "sqlite":
            return execute(conn, _FILE, self._file_values())
        draft = self.draft
        row = self.row(0)
        by_visitor = draft.author is Author.VISITOR
        row["visitor"] = by_visitor
        row["answers"] = draft.author is Author.AGENT and draft.kind is EntryKind.MESSAGE
        row["always"] = self._always
        row["signal"] = signal_kind(draft)
        return execute(conn, _SERVER, row)

    def finish(self, conn: Connection, sent: Cursor) -> Appended:
        """Read the answer. Raises NotFound or Conflict, when nothing was written."""
        row = sent.fetchone()
        if conn.dialect.name == "sqlite":
            if row is not None:
                return self._told(conn, *row)
            state = scalar(conn, _STATE, {"iid": self.interaction_id, "org": self.org_id})
            row = None if state is None else (state, None)
        if row is None:
            raise NotFound(f"there is no interaction {self.interaction_id}", slug="unknown-interaction")
        state, seq = row
        if seq is not None:
            return Appended(entry=self.entry(seq=cast("int", seq)), repeated=False)
        repeated = find_entry(conn, self.interaction_id, self.draft.author, self.draft.client_id)
        if repeated is not None:
            return Appended(entry=repeated, repeated=True)
        if state != "open" and not self._always:
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

    @property
    def _always(self) -> bool:
        """Say whether it is appended after the conversation's end, too."""
        return self.force or self.draft.kind is EntryKind.NOTE

    def _file_values(self) -> tuple[object, ...]:
        draft = self.draft
        return (
            self.entry_id,
            draft.kind.value,
            draft.author.value,
            draft.author_id,
            draft.author_name,
            draft.client_id,
            draft.body,
            dump(draft.data) if draft.data else "{}",
            self.now_ms,
            self.interaction_id,
            self.org_id,
            self._always,
        )

    def _told(self, conn: Connection, seq: int, watched_case: str) -> Appended:
        """Return what was written; leave word of it where the case's clerk listens."""
        entry = self.entry(seq=seq)
        if watched_case and (kind := signal_kind(self.draft)):
            add_said(conn, self.org_id, watched_case, entry, kind=kind)
        return Appended(entry=entry, repeated=False)
