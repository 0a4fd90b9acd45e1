"""Moving what points to one contact, account or case, to another, and back: a piece at a time, each row written down.

A merge of few rows is one piece. Of many, the first piece takes what is decided by (addresses, teams, links), and the
newest of everything else, so that whoever opens the kept one finds what happened lately; the rest follows in pieces
of a bounded number of rows, between which others write. What is written down says how far it is: a row that points to
the lost one is still to be moved; one that is noted is still to be moved back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, case, delete, func, literal, literal_column, select, update

from engine.model.casework import SignalKind
from engine.store.cases.tables import case_signals, cases
from engine.store.customers.kept import plain_org
from engine.store.customers.references import REFERENCES, Move, Reference
from engine.store.customers.tables import merge_rows
from engine.store.json_text import dump, load
from engine.store.upsert import change, insert_once, once

PIECE = 1_000
"""Rows that one transaction moves: some 50 ms in which other writes wait on SQLite."""
SHARE = 200
"""Of each column, the newest rows that the first piece of several moves: more than a page of a list."""
MERGED, UNMERGED = "merged", "unmerged"
"""Why a case is another customer's, in its history."""

_OF_CUSTOMER = {(cases, "contact_id"), (cases, "account_id")}
"""Columns by which a case is a customer's."""
_NOTHING: Any = literal_column("''")


def move_first(conn: Connection, kind: str, move: Move) -> tuple[int, bool]:
    """Let what points to the lost one point to the kept one: all, or of many the first; return how many, and if more.

    One place after the other, in the order of ``REFERENCES``, since others lock rows in that order.
    """
    few = _pointing(conn, kind, move) <= PIECE
    moved = 0
    for one in REFERENCES[kind]:
        moved += _move(conn, one, move, None if few or one.at_once else SHARE)[0]
    return moved, not few


def move_piece(conn: Connection, kind: str, move: Move) -> tuple[int, bool]:
    """Move the next rows; return how many, and whether more may be left. What was moved is not moved again."""
    moved = spent = 0
    for one in REFERENCES[kind]:
        count, took = _move(conn, one, move, PIECE - spent)
        moved, spent = moved + count, spent + took
        if spent >= PIECE:
            return moved, True
    return moved, False


def back_first(conn: Connection, kind: str, move: Move) -> tuple[int, bool]:
    """Let what was moved point to the lost one again, as ``move_first``; return how many were gone or elsewhere."""
    noted = select(literal(1)).where(merge_rows.c.merge_id == move.merge_id).limit(PIECE + 1)
    few = _count(conn, noted) <= PIECE
    left = 0
    for one in REFERENCES[kind]:
        left += _back(conn, one, move, None if few or one.at_once else SHARE)[0]
    return left, not few


def back_piece(conn: Connection, kind: str, move: Move) -> tuple[int, bool]:
    """Move the next rows back; return how many were gone or elsewhere, and whether more may be noted."""
    left = spent = 0
    for one in REFERENCES[kind]:
        gone, took = _back(conn, one, move, PIECE - spent)
        left, spent = left + gone, spent + took
        if spent >= PIECE:
            return left, True
    return left, False


def restore(
    conn: Connection, table: Table, move: Move, *, of: str, columns: Sequence[str] = (), most: int = PIECE
) -> tuple[int, bool]:
    """Put back what was dropped, and ``columns`` of what was altered, at most so many rows of each.

    Returns for how many rows that was impossible, and whether more may be left. A row is only altered again if it
    belongs to the lost one (``of``) again.
    """
    left = 0
    dropped = _taken(conn, f"{table.name}:dropped", move, most)
    for before in dropped:
        left += not insert_once(conn, table, before)
    altered = _taken(conn, f"{table.name}:altered", move, most)
    for before in altered:
        row = conn.execute(select(table).where(table.c.id == before["id"])).first()
        if row is None or getattr(row, of) != before[of]:
            left += 1
            continue
        change(conn, table, {"id": row.id}, {name: before[name] for name in columns})
    return left, len(dropped) >= most or len(altered) >= most


def restore_all(conn: Connection, table: Table, move: Move, *, of: str, columns: Sequence[str] = ()) -> int:
    """Put back whatever was dropped or altered, as ``restore``."""
    left, more = restore(conn, table, move, of=of, columns=columns)
    while more:
        gone, more = restore(conn, table, move, of=of, columns=columns)
        left += gone
    return left


def _pointing(conn: Connection, kind: str, move: Move) -> int:
    """Return how many rows point to the lost one; beyond a piece, that there are more."""
    found = 0
    for one in REFERENCES[kind]:
        where = one.pointing(move.org_id, move.lost_id)
        found += _count(conn, select(literal(1)).select_from(one.table).where(*where).limit(PIECE + 1 - found))
        if found > PIECE:
            break
    return found


def _count(conn: Connection, rows: Any) -> int:  # noqa: ANN401 -- a query
    return conn.execute(select(func.count()).select_from(rows.subquery())).scalar() or 0


def _move(conn: Connection, reference: Reference, move: Move, most: int | None) -> tuple[int, int]:
    """Move rows of one column, at most so many; return how many, and how many were looked at."""
    key = reference.table.c[reference.key]
    where = reference.pointing(move.org_id, move.lost_id)
    query = select(key).where(*where).with_for_update()
    if most is not None and not reference.at_once:  # of few rows none is first; nor has their index that order
        query = query.order_by(reference.table.c[reference.newest].desc())
    moved = spent = 0
    while most is None or spent < most:
        size = PIECE if most is None else min(PIECE, most - spent)
        dropped = reference.twice(conn, move, size) if reference.twice is not None else 0
        spent += dropped
        if dropped >= size:
            continue
        ids = list(conn.execute(query.limit(size - dropped)).scalars())
        if not ids:
            break
        noted = [_note(reference, move, row_id) for row_id in ids]
        conn.execute(once(conn.dialect.name, merge_rows), noted)
        _point(conn, reference, move, ids, back=False)
        moved, spent = moved + len(ids), spent + len(ids)
    return moved, spent


def _back(conn: Connection, reference: Reference, move: Move, most: int | None) -> tuple[int, int]:
    """Move noted rows of one column back, at most so many, and strike them out.

    Returns how many were gone or elsewhere by now, and how many were looked at.
    """
    key, column = reference.table.c[reference.key], reference.table.c[reference.column]
    note = merge_rows.c
    noted = (note.merge_id == move.merge_id, note.place == reference.place)
    left = spent = 0
    while most is None or spent < most:
        size = PIECE if most is None else min(PIECE, most - spent)
        ids = list(conn.execute(select(note.row_id).where(*noted).order_by(note.row_id.desc()).limit(size)).scalars())
        if not ids:
            break
        still = (key.in_(ids), column == move.kept_id, plain_org(reference.table) == move.org_id)
        there = list(conn.execute(select(key).where(*still).with_for_update()).scalars())
        if there:
            _point(conn, reference, move, there, back=True)
        conn.execute(delete(merge_rows).where(*noted, note.row_id.in_(ids)))
        left, spent = left + len(ids) - len(there), spent + len(ids)
    return left, spent


def _point(conn: Connection, reference: Reference, move: Move, ids: Sequence[str], *, back: bool) -> None:
    """Let locked rows point to the other one; a case that is another customer's is told so."""
    here, there = (move.kept_id, move.lost_id) if back else (move.lost_id, move.kept_id)
    table = reference.table
    values: dict[str, Any] = {reference.column: there}
    of_customer = (table, reference.column) in _OF_CUSTOMER
    if of_customer:  # it is another version of itself
        values |= {"version": cases.c.version + 1, "updated_ms": move.at_ms}
    where = [table.c[reference.key].in_(ids), plain_org(table) == move.org_id]
    if reference.key != "id":
        where.append(table.c[reference.column] == here)
    conn.execute(update(table).where(*where).values(values))
    if of_customer:
        told = {"field": reference.column, "from": here, "to": there, "why": UNMERGED if back else MERGED}
        _tell(conn, move, ids, told, back=back)


def _tell(conn: Connection, move: Move, case_ids: Sequence[str], moved: Mapping[str, object], *, back: bool) -> None:
    """Leave word for the clerk of each case that moved: he writes the line of history, and verifies the entitlement."""
    verified, other = (dump({"fields": names, "moved": moved}) for names in ([str(moved["field"])], []))
    told = select(
        literal(f"{move.merge_id}:") + cases.c.id + literal(":back" if back else ""),
        cases.c.org_id,
        cases.c.id,
        literal(SignalKind.CHANGED.value),
        literal(move.at_ms),
        case((cases.c.entitled != _NOTHING, literal(verified)), else_=literal(other)),
    ).where(cases.c.id.in_(case_ids), plain_org(cases) == move.org_id)
    names = ["id", "org_id", "case_id", "kind", "at_ms", "data"]
    conn.execute(once(conn.dialect.name, case_signals).from_select(names, told))


def _note(reference: Reference, move: Move, row_id: str) -> dict[str, object]:
    note = {"merge_id": move.merge_id, "place": reference.place, "row_id": row_id, "org_id": move.org_id}
    return {**note, "data": ""}


def _taken(conn: Connection, place: str, move: Move, most: int) -> list[dict[str, object]]:
    """Return what rows were that were dropped or altered, and strike them out."""
    note = merge_rows.c
    noted = (note.merge_id == move.merge_id, note.place == place)
    rows = conn.execute(select(note.row_id, note.data).where(*noted).order_by(note.row_id).limit(most)).all()
    if rows:
        conn.execute(delete(merge_rows).where(*noted, note.row_id.in_([row.row_id for row in rows])))
    return [load(row.data) for row in rows]
