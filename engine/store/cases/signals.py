"""What happened that a case's clerk has to see to: one row each, written with what happened."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.ids import NewId
from engine.model.casework import Signal, SignalKind
from engine.model.conversation import Author, Draft, Entry, EntryKind
from engine.store.cases.tables import case_signals
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow
from engine.store.upsert import insert

HEARD = 2_000
"""Characters of a message that its signal carries."""


def add_signal(
    conn: Connection, org_id: str, case_id: str, kind: SignalKind, *, new_id: NewId, at_ms: int, **data: object
) -> None:
    """Leave word for the clerk of a watched case, in the transaction that the word is about."""
    row = {
        "id": new_id(),
        "org_id": org_id,
        "case_id": case_id,
        "kind": kind.value,
        "at_ms": at_ms,
        "data": dump(data),
    }
    insert(conn, case_signals, row)


def signal_kind(draft: Draft) -> str:
    """Return what a case's clerk is told of a line of the transcript: the kind of its signal, '' = nothing."""
    if draft.kind is not EntryKind.MESSAGE:
        return ""
    if draft.author is Author.VISITOR:
        return SignalKind.MESSAGE.value
    return SignalKind.REPLY.value if draft.author is Author.AGENT else ""


def add_said(conn: Connection, org_id: str, case_id: str, entry: Entry, *, kind: str) -> None:
    """Leave word of a message for the clerk of a watched case, under the message's own id."""
    data = {"interaction_id": entry.interaction_id, "seq": entry.seq, "text": entry.body[:HEARD]}
    row = {"id": entry.id, "org_id": org_id, "case_id": case_id, "kind": kind, "at_ms": entry.at_ms, "data": dump(data)}
    insert(conn, case_signals, row)


def signal_of(row: AnyRow) -> Signal:
    """Read a signal."""
    return Signal(
        id=row.id,
        org_id=row.org_id,
        case_id=row.case_id,
        kind=SignalKind(row.kind),
        at_ms=row.at_ms,
        data=load(row.data),
    )
