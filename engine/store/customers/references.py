"""Every column that points to a contact, an account or a case; moving what points to one, to another, and back.

What is moved is written down first, row by row but by one statement per column, whatever there is: a merge may be
undone exactly. A test compares the list with all tables, so that no column added later is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from engine.errors import Conflict
from engine.model.case_work import CASE_KIND
from engine.model.casework import SignalKind
from engine.model.customer import CASE, CustomerKind
from engine.store.cases.tables import (
    activities,
    attachments,
    case_followers,
    case_links,
    case_signals,
    cases,
    escalations,
)
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
from engine.store.mail.tables import mails, outgoing
from engine.store.rows import AnyRow
from engine.store.tables import interactions, work_items
from engine.store.upsert import change, insert_once
from engine.store.upsert import insert as insert_row

MOST_MOVED = 100_000
"""Rows that one merge moves: one transaction, for which every other write of the organisation waits."""
ROUNDS = 3
"""What was written meanwhile by somebody who did not wait for the lock is looked for so often."""

OF_CUSTOMER = {(cases, "contact_id"), (cases, "account_id")}
"""Columns by which a case is a customer's."""
MERGED, UNMERGED = "merged", "unmerged"
"""Why a case is another customer's, in its history."""

_NOTHING: ColumnElement[str] = literal_column("''")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A column that points to a contact, an account or a case; ``key`` tells its rows apart."""

    table: Table
    column: str
    key: str = "id"
    also: ColumnElement[bool] | None = None  # which of the rows that point there

    @property
    def place(self) -> str:
        """Return its name."""
        return f"{self.table.name}.{self.column}"


REFERENCES: Mapping[str, tuple[Reference, ...]] = {
    CustomerKind.CONTACT: tuple(
        Reference(table=table, column="contact_id")
        for table in (
            contact_addresses, interactions, activities, account_relations, assets, cases, entitlements, leads, orders,
            work_items, mails,
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
    CASE: (
        *(
            Reference(table=table, column="case_id")
            for table in (interactions, activities, attachments, escalations, leads, mails, outgoing)
        ),
        Reference(
            table=work_items,
            column="case_id",
            also=or_(work_items.c.kind != CASE_KIND, work_items.c.state == literal_column("'closed'")),
        ),
        Reference(table=case_followers, column="case_id", key="user_id"),
        Reference(table=case_links, column="case_id", key="target_id"),
        Reference(table=case_links, column="target_id", key="case_id", also=case_links.c.kind == CASE),
        Reference(table=cases, column="parent_id"),
    ),
}  # fmt: skip
"""What a merge moves, in this order: what others lock while they write what refers to it comes first.

An arrival holds its address, who opens a conversation's case the conversation, a decision its case.
An open work item by which a lost case itself is routed does not move: it ends with the case.
"""
STAYS = frozenset(
    {
        "approvals.case_id",  # what was asked for is of that case, and withdrawn
        "case_effects.case_id",  # happen once, whatever becomes of it
        "case_events.case_id",  # its history, told in the kept one's timeline
        "case_signals.case_id",  # what the customer's side did is handed on (``CARRIED``)
        "case_tags.case_id",  # as in its tags
        "case_timers.case_id",  # end with it
        "clock_marks.case_id",  # how far a walk through all cases came
        "firings.case_id",  # happened
        "milestones.case_id",  # end with it
        "submissions.case_id",  # became that case
    }
)
"""Columns that point to a lost case for good."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One merge's moving: whose, from whom, to whom."""

    merge_id: str
    org_id: str
    lost_id: str
    kept_id: str
    at_ms: int


def move_all(conn: Connection, kind: str, move: Move) -> int:
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
                raise _too_many()
    return moved


def move_back(conn: Connection, kind: str, move: Move) -> int:
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
            .values(_values(reference, move.lost_id, move))
        )
        left += wanted - conn.execute(back).rowcount
    return left


def forget(conn: Connection, move: Move) -> None:
    """Delete what was written down, once it is undone."""
    conn.execute(delete(merge_rows).where(merge_rows.c.merge_id == move.merge_id))


def drop(conn: Connection, table: Table, row: AnyRow, move: Move) -> None:
    """Delete a row that would stand there twice, and write down what it was."""
    remember(conn, table, row, move, what="dropped")
    keys = [column == getattr(row, column.name) for column in table.primary_key]
    conn.execute(delete(table).where(*keys))


def alter(conn: Connection, table: Table, row: AnyRow, values: Mapping[str, object], move: Move) -> None:
    """Change a row that could not be moved as it is, and write down what it was."""
    remember(conn, table, row, move, what="altered")
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
    pointing = [column == move.lost_id, column != _NOTHING, table.c.org_id == move.org_id]
    if reference.also is not None:
        pointing.append(reference.also)
    there = (
        select(literal(move.merge_id), literal(reference.place), key, literal(move.org_id), literal(""))
        .where(*pointing)
        .limit(MOST_MOVED + 1)  # the one too many; who has millions is refused before they are moved
    )
    note = insert(merge_rows).from_select(["merge_id", "place", "row_id", "org_id", "data"], there)
    noted = conn.execute(note).rowcount
    if noted > MOST_MOVED:
        raise _too_many()
    if not noted:
        return 0
    if conn.dialect.name != "sqlite":
        # Else somebody's row may come between the two statements, and be moved without being written down. SQLite has
        # one writer, who is us; there, looking each row up again was a tenth to four tenths of a merge.
        pointing.append(key.in_(_noted(reference.place, move)))
    moved = update(table).where(*pointing).values(_values(reference, move.kept_id, move))
    return conn.execute(moved).rowcount


def _too_many() -> Conflict:
    return Conflict(f"a merge moves at most {MOST_MOVED} rows", slug="too-many")


def _values(reference: Reference, to: str, move: Move) -> dict[str, Any]:
    """Return what a moved row gets: a case that is another customer's is another version of itself."""
    if (reference.table, reference.column) not in OF_CUSTOMER:
        return {reference.column: to}
    return {reference.column: to, "version": cases.c.version + 1, "updated_ms": move.at_ms}


def tell_cases(conn: Connection, kind: str, move: Move, *, back: bool = False) -> None:
    """Leave word for the clerk of each case that a merge of customers moved, or that its undoing moved ``back``.

    One statement, however many there are. The clerk writes the line of history and has the entitlement verified anew.
    """
    column = f"{kind}_id"
    here, there = (move.kept_id, move.lost_id) if back else (move.lost_id, move.kept_id)
    moved = {"field": column, "from": here, "to": there, "why": UNMERGED if back else MERGED}
    verified, other = (dump({"fields": names, "moved": moved}) for names in ([column], []))
    told = select(
        literal(f"{move.merge_id}:") + cases.c.id + literal(":back" if back else ""),
        cases.c.org_id,
        cases.c.id,
        literal(SignalKind.CHANGED.value),
        literal(move.at_ms),
        case((cases.c.entitled != _NOTHING, literal(verified)), else_=literal(other)),
    ).where(cases.c.id.in_(_noted(f"cases.{column}", move)), cases.c[column] == there, cases.c.org_id == move.org_id)
    conn.execute(insert(case_signals).from_select(["id", "org_id", "case_id", "kind", "at_ms", "data"], told))


def _noted(place: str, move: Move) -> Select[tuple[str]]:
    return select(merge_rows.c.row_id).where(merge_rows.c.merge_id == move.merge_id, merge_rows.c.place == place)


def remember(conn: Connection, table: Table, row: AnyRow, move: Move, *, what: str) -> None:
    """Write down what a row is that is about to be ``dropped`` or ``altered``."""
    key = " ".join(str(getattr(row, column.name)) for column in table.primary_key)
    before = {name: getattr(row, name) for name in row._fields}
    noted = {
        "merge_id": move.merge_id,
        "place": f"{table.name}:{what}",
        "row_id": key,
        "org_id": move.org_id,
        "data": dump(before),
    }
    insert_row(conn, merge_rows, noted)


def _before(conn: Connection, place: str, move: Move) -> list[dict[str, object]]:
    query = select(merge_rows.c.data).where(merge_rows.c.merge_id == move.merge_id, merge_rows.c.place == place)
    return [load(row[0]) for row in conn.execute(query)]
