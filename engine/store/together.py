"""Many appends in a few statements, on SQLite.

Each statement lets other threads in before and after it, and the writer must wait for its turn again: with an event
loop that is busy, longer than the statement takes. So the messages that one batch carries are looked up, inserted and
counted together; the rows are those that ``appends.append`` would have written one by one. Where anything is unusual
(a repeat, a conversation that is over or not there) nothing is judged here: the batch is run one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from engine.model.conversation import Author, EntryKind
from engine.store.direct import execute
from engine.store.tables import entries

if TYPE_CHECKING:
    from engine.store.appends import AppendJob

_COLUMNS = tuple(column.name for column in entries.columns)
# Ids and numbers of ours travel as JSON, what people wrote does not: JSON in SQL ends a text at a NUL.
_LOOK = """
SELECT json_group_array(json_array(i.id, i.org_id, i.state, i.last_seq, EXISTS (
  SELECT 1 FROM segments WHERE segments.interaction_id = i.id AND ended_ms = 0 AND answered_ms = 0)))
FROM json_each(?) AS wanted CROSS JOIN interactions AS i ON i.id = wanted.value
"""
_COUNT = """
UPDATE interactions SET last_seq = counted.seq,
  last_visitor_ms = CASE WHEN counted.heard_ms THEN counted.heard_ms ELSE last_visitor_ms END,
  warned_ms = CASE WHEN counted.heard_ms THEN 0 ELSE warned_ms END
FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS seq,
  json_extract(value, '$[2]') AS heard_ms FROM json_each(?)) AS counted
WHERE interactions.id = counted.id
"""
_ANSWER = "UPDATE segments SET answered_ms = ? WHERE interaction_id = ? AND ended_ms = 0 AND answered_ms = 0"

_decode = msgspec.json.Decoder(list[tuple[str, str, str, int, int]]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Head:
    """One interaction's row, as far as appends read and change it."""

    org_id: str
    state: str
    seq: int
    unanswered: bool
    heard_ms: int = 0  # when the visitor wrote last, of these
    answered_ms: int = 0


@lru_cache(maxsize=128)
def _insert(count: int) -> str:
    row = f"({', '.join('?' * len(_COLUMNS))})"
    rows = ", ".join([row] * count)
    return f"INSERT INTO entries ({', '.join(_COLUMNS)}) VALUES {rows} ON CONFLICT DO NOTHING"  # noqa: S608 -- our own column names


def number_all(conn: Connection, jobs: Sequence[AppendJob]) -> list[int] | None:
    """Append what ``jobs`` say and return the entries' numbers; None: undo all, and run them one by one."""
    heads = _heads(conn, {job.interaction_id for job in jobs})
    numbers: list[int] = []
    for job in jobs:
        head = heads.get(job.interaction_id)
        if head is None or head.org_id != job.org_id:
            return None
        if head.state != "open" and job.draft.kind is not EntryKind.NOTE:
            return None
        head.seq += 1
        numbers.append(head.seq)
        _note(head, job)
    rows = (job.row(seq) for job, seq in zip(jobs, numbers, strict=True))
    values = [row[name] for row in rows for name in _COLUMNS]
    if execute(conn, _insert(len(jobs)), values).rowcount != len(jobs):
        return None
    counted = [(key, head.seq, head.heard_ms) for key, head in heads.items()]
    execute(conn, _COUNT, (_encode(counted).decode(),))
    for key, head in heads.items():
        if head.unanswered and head.answered_ms:
            execute(conn, _ANSWER, (head.answered_ms, key))
    return numbers


def _heads(conn: Connection, interaction_ids: set[str]) -> dict[str, _Head]:
    row = execute(conn, _LOOK, (_encode(sorted(interaction_ids)).decode(),)).fetchone()
    assert row is not None
    return {
        key: _Head(org_id=org_id, state=state, seq=seq, unanswered=bool(unanswered))
        for key, org_id, state, seq, unanswered in _decode(row[0])
    }


def _note(head: _Head, job: AppendJob) -> None:
    """Note the clocks that a message stops."""
    if job.draft.author is Author.VISITOR:
        head.heard_ms = job.now_ms
    elif job.draft.author is Author.AGENT and job.draft.kind is EntryKind.MESSAGE:
        head.answered_ms = head.answered_ms or job.now_ms
