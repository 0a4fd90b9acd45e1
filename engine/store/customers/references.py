"""Every column that points to a contact or an account; moving what points to one, to another, and back.

What is moved is written down first, row by row but by one statement per column, whatever there is: a merge may be
undone exactly. A test compares the list with all tables, so that no column added later is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)

from engine.errors import Conflict
from engine.model.customer import CustomerKind
from engine.store.cases.tables import activities, cases
from engine.store.customers.tables import (
    account_relations,
    account_team,
    accounts,
    assets,
    contact_addresses,
    contracts,
    entitlements,
    leads,
    merge_rows,
    orders,
)
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow
from engine.store.tables import interactions, work_items
from engine.store.upsert import change, insert_once
from engine.store.upsert import insert as insert_row

MOST_MOVED = 100_000
"""Rows that one merge moves: one transaction, for which every other write of the organisation waits."""
ROUNDS = 3
"""What was written meanwhile by somebody who did not wait for the lock is looked for so often."""

_NOTHING: ColumnElement[str] = literal_column("''")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A column that points to a contact or an account; ``key`` tells its rows apart."""

    table: Table
    column: str
    key: str = "id"

    @property
    def place(self) -> str:
        """Return its name."""
        return f"{self.table.name}.{self.column}"


REFERENCES: Mapping[CustomerKind, tuple[Reference, ...]] = {
    CustomerKind.CONTACT: tuple(
        Reference(table=table, column="contact_id")
        for table in (
            activities, account_relations, assets, cases, contact_addresses, entitlements, interactions, leads, orders,
            work_items,
        )
    ),
    CustomerKind.ACCOUNT: (
        *(
            Reference(table=table, column="account_id")
            for table in (activities, account_relations, assets, cases, contracts, entitlements, leads, orders)
        ),
        Reference(table=account_team, column="account_id", key="user_id"),
        Reference(table=accounts, column="parent_id"),
    ),
}  # fmt: skip
"""What a merge moves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One merge's moving: whose, from whom, to whom."""

    merge_id: str
    org_id: str
    lost_id: str
    kept_id: str


def move_all(conn: Connection, kind: CustomerKind, move: Move) -> int:
    """Let everything that points to the lost one point to the kept one; return how many rows that were.

    Raises Conflict(too-many).
    """
    moved = 0
    for reference in REFERENCES[kind]:
        for _ in range(ROUNDS):
            count = _move(conn, reference, move)
            moved += count
            if not count:
                break
            if moved > MOST_MOVED:
                raise Conflict(f"a merge moves at most {MOST_MOVED} rows", slug="too-many")
    return moved


def move_back(conn: Connection, kind: CustomerKind, move: Move) -> int:
    """Let what was moved point to the lost one again; return how many rows were gone or elsewhere by now."""
    left = 0
    for reference in REFERENCES[kind]:
        column = reference.table.c[reference.column]
        key = reference.table.c[reference.key]
        noted = _noted(reference.place, move)
        wanted = conn.execute(select(func.count()).select_from(noted.subquery())).scalar() or 0
        if not wanted:
            continue
        back = (
            update(reference.table)
            .where(column == move.kept_id, column != _NOTHING, reference.table.c.org_id == move.org_id)
            .where(key.in_(noted))
            .values({reference.column: move.lost_id})
        )
        left += wanted - conn.execute(back).rowcount
    return left


def forget(conn: Connection, move: Move) -> None:
    """Delete what was written down, once it is undone."""
    conn.execute(delete(merge_rows).where(merge_rows.c.merge_id == move.merge_id))


def drop(conn: Connection, table: Table, row: AnyRow, move: Move) -> None:
    """Delete a row that would stand there twice, and write down what it was."""
    _note(conn, f"{table.name}:dropped", row, move)
    keys = [column == getattr(row, column.name) for column in table.primary_key]
    conn.execute(delete(table).where(*keys))


def alter(conn: Connection, table: Table, row: AnyRow, values: Mapping[str, object], move: Move) -> None:
    """Change a row that could not be moved as it is, and write down what it was."""
    _note(conn, f"{table.name}:altered", row, move)
    change(conn, table, {"id": row.id}, values)


def restore(conn: Connection, table: Table, move: Move, *, of: str, columns: Sequence[str] = ()) -> int:
    """Put back what was dropped, and ``columns`` of what was altered; return for how many rows that was impossible.

    A row is only altered again if it belongs to the lost one (``of``) again.
    """
    left = 0
    for before in _before(conn, f"{table.name}:dropped", move):
        left += not insert_once(conn, table, before)
    for before in _before(conn, f"{table.name}:altered", move):
        row = conn.execute(select(table).where(table.c.id == before["id"])).first()
        if row is None or getattr(row, of) != before[of]:
            left += 1
            continue
        change(conn, table, {"id": row.id}, {name: before[name] for name in columns})
    return left


def _move(conn: Connection, reference: Reference, move: Move) -> int:
    table = reference.table
    column, key = table.c[reference.column], table.c[reference.key]
    pointing = (column == move.lost_id, column != _NOTHING, table.c.org_id == move.org_id)
    there = select(literal(move.merge_id), literal(reference.place), key, literal(move.org_id), literal("")).where(
        *pointing
    )
    note = insert(merge_rows).from_select(["merge_id", "place", "row_id", "org_id", "data"], there)
    if not conn.execute(note).rowcount:
        return 0
    noted = _noted(reference.place, move)
    moved = update(table).where(*pointing, key.in_(noted)).values({reference.column: move.kept_id})
    return conn.execute(moved).rowcount


def _noted(place: str, move: Move) -> Select[tuple[str]]:
    return select(merge_rows.c.row_id).where(merge_rows.c.merge_id == move.merge_id, merge_rows.c.place == place)


def _note(conn: Connection, place: str, row: AnyRow, move: Move) -> None:
    key = " ".join(str(getattr(row, name)) for name in row._fields if name in ("id", "account_id", "user_id"))
    before = {name: getattr(row, name) for name in row._fields}
    noted = {"merge_id": move.merge_id, "place": place, "row_id": key, "org_id": move.org_id, "data": dump(before)}
    insert_row(conn, merge_rows, noted)


def _before(conn: Connection, place: str, move: Move) -> list[dict[str, object]]:
    query = select(merge_rows.c.data).where(merge_rows.c.merge_id == move.merge_id, merge_rows.c.place == place)
    return [load(row[0]) for row in conn.execute(query)]
