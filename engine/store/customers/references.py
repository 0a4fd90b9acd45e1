"""Every column that points to a contact, an account or a case; writing down rows that a merge takes away.

A test compares the list with all tables, so that no column added later is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, literal_column, or_, select

from engine.model.case_work import CASE_KIND
from engine.model.customer import CASE, CustomerKind
from engine.store.cases.tables import (
    activities,
    attachments,
    case_followers,
    case_links,
    cases,
    escalations,
)
from engine.store.customers.kept import plain_org
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
from engine.store.json_text import dump
from engine.store.mail.tables import mails, outgoing
from engine.store.rows import AnyRow
from engine.store.tables import interactions, work_items
from engine.store.upsert import change, insert

_NOTHING: ColumnElement[str] = literal_column("''")


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One merge's moving: whose, from whom, to whom."""

    merge_id: str
    org_id: str
    lost_id: str
    kept_id: str
    at_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A column that points to a contact, an account or a case; ``key`` tells its rows apart."""

    table: Table
    column: str
    key: str = "id"
    also: ColumnElement[bool] | None = None  # which of the rows that point there
    at_once: bool = False  # few rows, by which is decided what becomes of both: a merge never begins without them
    twice: Callable[[Connection, Move, int], int] | None = None  # drop so many rows that would stand there twice

    @property
    def place(self) -> str:
        """Return its name."""
        return f"{self.table.name}.{self.column}"

    @property
    def newest(self) -> str:
        """Return the column by which rows are ordered as they came."""
        return "number" if self.table is cases else self.key

    def pointing(self, org_id: str, to: str) -> list[ColumnElement[bool]]:
        """Return the conditions on rows that point to somebody, as the index of the column has them."""
        column = self.table.c[self.column]
        names = ([one.name for one in index.columns if one.name != "kind"] for index in self.table.indexes)
        by_org = any(one[:2] == ["org_id", self.column] for one in names)  # ``also`` names the kind
        org = self.table.c.org_id if by_org else plain_org(self.table)
        return [column == to, column != _NOTHING, org == org_id, *([] if self.also is None else [self.also])]


def twice_related(conn: Connection, move: Move, most: int) -> int:
    """Drop relations of the lost account that the kept one has too; return how many."""
    of, other = account_relations, account_relations.alias("other")
    twice = (
        select(of)
        .join(other, other.c.contact_id == of.c.contact_id)
        .where(of.c.account_id == move.lost_id, plain_org(of) == move.org_id, of.c.to_date == "")
        .where(other.c.account_id == move.kept_id, other.c.to_date == "")
        .where(other.c.direct == of.c.direct, other.c.role == of.c.role)
        .distinct()
        .limit(most)
    )
    rows = conn.execute(twice).all()
    for row in rows:
        drop(conn, account_relations, row, move)
    return len(rows)


REFERENCES: Mapping[str, tuple[Reference, ...]] = {
    CustomerKind.CONTACT: (
        Reference(table=contact_addresses, column="contact_id", at_once=True),
        *(Reference(table=table, column="contact_id") for table in (interactions, activities)),
        Reference(table=account_relations, column="contact_id", at_once=True),
        *(Reference(table=table, column="contact_id") for table in (assets, cases)),
        Reference(table=entitlements, column="contact_id", at_once=True),
        *(Reference(table=table, column="contact_id") for table in (leads, orders, work_items, mails)),
    ),
    CustomerKind.ACCOUNT: (
        Reference(table=activities, column="account_id"),
        Reference(table=account_relations, column="account_id", twice=twice_related),
        *(Reference(table=table, column="account_id") for table in (assets, cases)),
        *(Reference(table=table, column="account_id", at_once=True) for table in (contracts, entitlements)),
        *(Reference(table=table, column="account_id") for table in (leads, orders)),
        Reference(table=account_team, column="account_id", key="user_id", at_once=True),
        Reference(table=accounts, column="parent_id", at_once=True),
    ),
    CASE: (
        *(Reference(table=table, column="case_id") for table in (interactions, activities)),
        Reference(table=attachments, column="case_id", at_once=True),
        *(Reference(table=table, column="case_id") for table in (escalations, leads, mails, outgoing)),
        Reference(
            table=work_items,
            column="case_id",
            also=or_(work_items.c.kind != CASE_KIND, work_items.c.state == literal_column("'closed'")),
            at_once=True,
        ),
        Reference(table=case_followers, column="case_id", key="user_id", at_once=True),
        Reference(table=case_links, column="case_id", key="target_id", at_once=True),
        Reference(
            table=case_links,
            column="target_id",
            key="case_id",
            also=case_links.c.kind == literal_column("'case'"),
            at_once=True,
        ),
        Reference(table=cases, column="parent_id", at_once=True),
    ),
}
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


def drop(conn: Connection, table: Table, row: AnyRow, move: Move) -> None:
    """Delete a row that would stand there twice, and write down what it was."""
    remember(conn, table, row, move, what="dropped")
    keys = [column == getattr(row, column.name) for column in table.primary_key]
    conn.execute(delete(table).where(*keys))


def alter(conn: Connection, table: Table, row: AnyRow, values: Mapping[str, object], move: Move) -> None:
    """Change a row that could not be moved as it is, and write down what it was."""
    remember(conn, table, row, move, what="altered")
    change(conn, table, {"id": row.id}, values)


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
    insert(conn, merge_rows, noted)
