"""What every kind of thing and promise shares: kept, changed under a version, listed by whom it belongs to.

A noun's fields are its table's columns. What a row refers to must be there, in the same organisation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, literal_column, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.tables import case_links, cases
from engine.store.customers.sight import things_seen
from engine.store.customers.tables import accounts, assets, contacts, contracts
from engine.store.customers.whole import whole
from engine.store.direct import first
from engine.store.json_text import dump, load
from engine.store.rows import AnyRow
from engine.store.tables import users
from engine.store.upsert import change, insert_once


class Noun(Protocol):
    """A row of its own, under a version."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str:
        """Return its id."""
        ...

    @property
    def org_id(self) -> str:
        """Return whose it is."""
        ...

    @property
    def version(self) -> int:
        """Return how often it was written."""
        ...


N = TypeVar("N", bound=Noun)

REFERENCES: Mapping[str, tuple[Table, str]] = {
    "account_id": (accounts, "unknown-account"),
    "contact_id": (contacts, "unknown-contact"),
    "asset_id": (assets, "unknown-asset"),
    "contract_id": (contracts, "unknown-contract"),
    "case_id": (cases, "unknown-case"),
    "owner_id": (users, "unknown-user"),
}
"""What a row may refer to, and what it is called when it is not there."""


NARROW = frozenset({"account_id", "contact_id", "asset_id", "contract_id", "case_id", "serial"})
"""Columns of which few rows have the same value."""


MOVED = frozenset({"account_id", "contact_id", "case_id"})
"""Columns by which a merge moves rows."""


def plain_org(table: Table) -> ColumnElement[str]:
    """Return the organisation's column as no index has it.

    Without statistics SQLite takes the index of the organisation as readily as that of a customer, and reads all
    rows of the organisation; where a customer is named this leaves it no choice.
    """
    whole: ColumnElement[str] = table.c.org_id + literal_column("''")
    return whole


@dataclass(frozen=True, kw_only=True)
class Shape(Generic[N]):
    """How a noun lies in its table."""

    noun: type[N]
    table: Table
    word: str  # as people say it: "asset"
    enums: Mapping[str, type[StrEnum]] = field(default_factory=dict)
    objects: frozenset[str] = frozenset()  # columns of JSON objects
    lists: frozenset[str] = frozenset()  # columns of JSON lists
    taken: str = ""  # slug of a number that another row has
    used_by: tuple[tuple[Table, str], ...] = ()  # columns that may refer to it: then it cannot be deleted
    filters: frozenset[str] = frozenset()  # columns that lists may ask for

    def row(self, noun: N) -> dict[str, object]:
        """Write a noun as a row."""
        return self.columns({one.name: getattr(noun, one.name) for one in dataclasses.fields(noun)})

    def columns(self, values: Mapping[str, Any]) -> dict[str, object]:
        """Write values as columns keep them."""
        return {name: self._written(name, value) for name, value in values.items()}

    def _written(self, name: str, value: Any) -> object:  # noqa: ANN401 -- whatever the field holds
        if name in self.objects:
            return dump(value)
        if name in self.lists:
            return dump(tuple(value))
        return value.value if isinstance(value, StrEnum) else value

    def read(self, row: AnyRow) -> N:
        """Read a noun."""
        values: dict[str, Any] = {name: getattr(row, name) for name in self.noun.__dataclass_fields__}
        for name in self.objects:
            values[name] = load(values[name])
        for name in self.lists:
            values[name] = msgspec.json.decode(values[name], type=tuple[Any, ...]) if values[name] else ()
        for name, enum in self.enums.items():
            values[name] = enum(values[name])
        return self.noun(**values)


class Kept(Generic[N]):
    """Keep one kind of noun. Every method is one transaction."""

    def __init__(self, *, access: Access, shape: Shape[N]) -> None:
        self._access = access
        self._shape = shape

    async def get(self, org_id: str, noun_id: str) -> N:
        """Return one; raise NotFound."""
        row = await self._access.look(lambda conn: self._find(conn, org_id, noun_id))
        return self._shape.read(self._there(row, noun_id))

    async def list(
        self,
        org_id: str,
        *,
        wanted: Mapping[str, str],
        limit: int,
        before_id: str | None = None,
        sight: Sight = EVERYTHING,
    ) -> list[N]:
        """Return the newest first, ``before_id`` exclusive; ``wanted``: values of the columns in its ``filters``."""
        return await self._access.read(
            lambda conn: _listed(conn, self._shape, org_id, wanted, limit=limit, before_id=before_id, sight=sight)
        )

    async def create(self, noun: N) -> N:
        """Keep a new one; raise InvalidInput (what it refers to is not there), Conflict (its number is taken)."""
        row = self._shape.row(noun)

        def work(conn: Connection) -> None:
            check_references(conn, noun.org_id, row)
            if not insert_once(conn, self._shape.table, row):
                raise self._taken(row)

        await self._access.write(noun.org_id, work)
        return noun

    async def change(self, org_id: str, noun_id: str, *, version: int, changes: Mapping[str, object], now_ms: int) -> N:
        """Change columns of one that is still at ``version``; what is the same already is left alone.

        Raises NotFound, InvalidInput, Conflict (``stale-version`` with the newer version; the number is taken).
        """
        return await self._access.write(
            org_id,
            lambda conn: self._change(conn, (org_id, noun_id), version=version, changes=changes, now_ms=now_ms),
        )

    def _change(
        self, conn: Connection, where: tuple[str, str], *, version: int, changes: Mapping[str, object], now_ms: int
    ) -> N:
        row = self._there(self._find(conn, *where, lock=True), where[1])
        if row.version != version:
            raise Conflict(
                f"the {self._shape.word} has version {row.version}, not {version}",
                slug="stale-version",
                version=row.version,
            )
        new = {name: value for name, value in self._shape.columns(changes).items() if getattr(row, name) != value}
        if not new:
            return self._shape.read(row)
        check_references(conn, where[0], new)
        self._check_number(conn, where, new)
        change(conn, self._shape.table, {"id": row.id}, {**new, "version": version + 1, "updated_ms": now_ms})
        return self._shape.read(self._there(self._find(conn, *where), where[1]))

    async def delete(self, org_id: str, noun_id: str) -> None:
        """Delete one; raise NotFound, Conflict (``in-use``) when something refers to it."""
        await self._access.write(org_id, lambda conn: self._delete(conn, org_id, noun_id))

    def _delete(self, conn: Connection, org_id: str, noun_id: str) -> None:
        self._there(self._find(conn, org_id, noun_id, lock=True), noun_id)
        for table, column in self._shape.used_by:
            used = table.c[column] == noun_id
            if table is case_links:
                used &= case_links.c.kind == self._shape.word
            else:
                used &= table.c[column] != literal_column("''")  # as its partial index spells it
            if conn.execute(select(table.c[column]).where(used, table.c.org_id == org_id).limit(1)).first() is not None:
                raise Conflict(
                    f"the {self._shape.word} is referred to by {table.name.replace('_', ' ')}",
                    slug="in-use",
                    mend="Give it another status instead.",
                )
        table = self._shape.table
        conn.execute(delete(table).where(table.c.id == noun_id, table.c.org_id == org_id))

    def _find(self, conn: Connection, org_id: str, noun_id: str, *, lock: bool = False) -> AnyRow | None:
        table = self._shape.table
        query = select(table).where(table.c.id == bindparam("id"), table.c.org_id == bindparam("org"))
        found = query.with_for_update() if lock else query
        return conn.execute(found, {"id": noun_id, "org": org_id}).first()

    def _there(self, row: AnyRow | None, noun_id: str) -> AnyRow:
        if row is None:
            word = self._shape.word
            raise NotFound(f"there is no {word} {noun_id}", slug=f"unknown-{word}")
        return row

    def _check_number(self, conn: Connection, where: tuple[str, str], new: Mapping[str, object]) -> None:
        if "number" not in new:
            return
        table = self._shape.table
        query = select(table.c.id).where(table.c.org_id == where[0], table.c.number == new["number"])
        if conn.execute(query).first() is not None:
            raise self._taken(new)

    def _taken(self, row: Mapping[str, object]) -> Conflict:
        word = self._shape.word
        return Conflict(f"there is a {word} with the number {row.get('number', '')}", slug=self._shape.taken)


def _listed(
    conn: Connection,
    shape: Shape[N],
    org_id: str,
    wanted: Mapping[str, str],
    *,
    limit: int,
    before_id: str | None,
    sight: Sight,
) -> list[N]:
    table = shape.table
    narrow = any(wanted.get(name) for name in shape.filters & NARROW)
    query = select(table).where((plain_org(table) if narrow else table.c.org_id) == org_id)
    for name in sorted(shape.filters):
        if value := wanted.get(name):
            values = whole(conn, org_id, value) if name in MOVED else (value,)
            query = query.where(table.c[name] == value if len(values) == 1 else table.c[name].in_(values))
            if name in NARROW or name in REFERENCES:
                query = query.where(table.c[name] != literal_column("''"))  # as its partial index spells it
    if not sight.everything:
        query = query.where(things_seen(table, org_id, sight))
    if before_id:
        query = query.where(table.c.id < before_id)
    return [shape.read(row) for row in conn.execute(query.order_by(table.c.id.desc()).limit(limit))]


# The share lock keeps it from being merged or deleted until what refers to it is committed.
_THERE = {
    name: select(table.c.id, table.c.get("merged_into", literal_column("''")).label("merged_into"))
    .where(table.c.id == bindparam("id"), table.c.org_id == bindparam("org"))
    .with_for_update(read=True, key_share=True)
    for name, (table, _) in REFERENCES.items()
}


def check_references(conn: Connection, org_id: str, row: Mapping[str, object]) -> None:
    """Raise InvalidInput naming the field unless everything that ``row`` refers to is there."""
    for name, (_, slug) in REFERENCES.items():
        wanted = row.get(name)
        there = first(conn, _THERE[name], {"id": wanted, "org": org_id}) if wanted else None
        if wanted and there is None:
            raise InvalidInput(f"What {name} names is not there.", slug=slug, field=name)
        if there is not None and there.merged_into:
            raise Conflict(f"What {name} names was merged.", slug="merged", field=name, merged_into=there.merged_into)
