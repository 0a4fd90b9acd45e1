"""Lists of cases, in any order, narrowed by anything, at a price that does not grow with the number of cases.

Where one part of a filter names few cases (those of a contact, an owner, a tag, a text), these are looked at. Else the
list walks along an index in the order wanted, in windows, and looks at ``LOOKED`` rows at most: a page may then be
short, and says where to look on. No index would do for every filter, and a planner that chooses between many may read
all of an organisation's cases for one page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, func, literal_column, or_, select, tuple_, union

from engine.model.case_list import CaseCount, CaseOrder, CasePage, CaseWanted, Place
from engine.model.job import ChosenCase
from engine.model.visibility import EVERYTHING, Sight
from engine.store.access import Access
from engine.store.cases.fitting import fitting
from engine.store.cases.sight import Columns, Condition, cases_seen
from engine.store.cases.tables import case_tags, cases, milestones
from engine.store.conditions import CASE_OPEN, CASE_OVER
from engine.store.customers.whole import whole
from engine.store.rows import AnyRow, case_of
from engine.store.search import containing

FEW = 1_000
"""Cases that a part of a filter may name so that they are looked at one and all."""
RECENT = 200
"""Newest cases, and as many that changed last, whose text is looked at itself: the index may not have it yet."""
LANES = 24
"""Ways along an index that are taken side by side."""
WINDOW = 250
LOOKED = 10_000
"""Rows that one page looks at, at most."""
DUE_COSTS = 4
"""So many times as much a row costs whose milestones are looked at."""
COUNTED = 2_000
"""Rows that are looked at for a count."""
CHOSEN = 500

_NOTHING: Any = literal_column("''")
_VALUE: dict[CaseOrder, Any] = {
    CaseOrder.NEWEST: cases.c.number,
    CaseOrder.OLDEST: cases.c.number,
    CaseOrder.OPENED: cases.c.opened_ms,
    CaseOrder.UPDATED: cases.c.updated_ms,
    CaseOrder.UNTOUCHED: cases.c.updated_ms,
    CaseOrder.PRIORITY: cases.c.priority,
    CaseOrder.DUE: milestones.c.due_ms,
}
_RISING = frozenset({CaseOrder.OLDEST, CaseOrder.UNTOUCHED, CaseOrder.DUE})
_BY_NUMBER = (CaseOrder.NEWEST, CaseOrder.OLDEST)

Make = Callable[[AnyRow], Any]


_MERGED = frozenset({"contact_id", "account_id", "parent_id"})
"""Columns by which a merge moves cases."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _List:
    """What is asked."""

    org_id: str
    wanted: CaseWanted
    order: CaseOrder
    sight: Sight
    looked: int = LOOKED
    write: bool = False  # those that he may write

    @property
    def rising(self) -> bool:
        return self.order in _RISING

    def source(self, lane: Iterable[Condition], after: Place | None, ids: Sequence[str] | None = None) -> Select[Any]:
        """Select rows of a lane, or these, after a place, with the value they are ordered by; not ordered yet."""
        value, number = _VALUE[self.order], cases.c.number
        # Of ids, not "org_id =", or SQLite walks along the order's index instead of looking the few ids up.
        org_id = cases.c.org_id if ids is None else func.coalesce(cases.c.org_id, "")
        found = select(cases, value.label("place")).where(org_id == self.org_id, *lane, *self._ends())
        if ids is not None:
            found = found.where(cases.c.id.in_(ids))
        if self.order is CaseOrder.DUE:
            found = found.where(milestones.c.case_id == cases.c.id, *_soonest(self.org_id))
        if after is None:
            return found
        if self.order in _BY_NUMBER:
            return found.where(number > after.number if self.rising else number < after.number)
        here, there = tuple_(value, number), tuple_(after.value, after.number)
        if self.order is CaseOrder.DUE:  # no index holds both
            return found.where(value >= after.value, here > there)
        return found.where(here > there if self.rising else here < there)

    def _ends(self) -> Iterator[Condition]:
        """Yield the bounds of the value that is walked along: there the walk ends."""
        value = _VALUE[self.order]
        begin, end = self.wanted.between.get(value.name, (None, None))
        if self.order is CaseOrder.DUE:
            end = self.wanted.due_before_ms or None
        if begin is not None:
            yield value >= begin
        if end is not None:
            yield value < end

    def ordered(self, found: Select[Any], value: ColumnElement[Any], number: ColumnElement[Any]) -> Select[Any]:
        """Order rows as the list is."""
        columns = [number] if self.order in _BY_NUMBER else [value, number]
        return found.order_by(*(one if self.rising else one.desc() for one in columns))

    def fits(self, c: Columns) -> list[Condition]:
        """Return the conditions on a row."""
        seen = [] if self.sight.all_cases else [cases_seen(self.org_id, self.sight, write=self.write, of=c)]
        return [*fitting(self.org_id, self.wanted, c), *seen]


class CaseLists:
    """List and count cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def page(
        self,
        org_id: str,
        wanted: CaseWanted = CaseWanted(),  # noqa: B008 - frozen
        *,
        order: CaseOrder = CaseOrder.NEWEST,
        limit: int = 100,
        after: Place | None = None,
        sight: Sight = EVERYTHING,
    ) -> CasePage:
        """Return cases in this order, ``after`` exclusive; a page that is short says in ``next`` where to look on."""
        asked = _List(org_id=org_id, wanted=wanted, order=order, sight=sight)
        rows, place = await self._access.read(lambda conn: _page(conn, asked, after, limit))
        return CasePage(cases=[case_of(row) for row in rows], next=place)

    async def count(
        self, org_id: str, wanted: CaseWanted, *, order: CaseOrder = CaseOrder.NEWEST, sight: Sight, most: int
    ) -> CaseCount:
        """Count cases of a list up to ``most``; ``more`` also where only a part of the list was looked at."""
        asked = _List(org_id=org_id, wanted=wanted, order=order, sight=sight, looked=COUNTED)
        rows, place = await self._access.read(lambda conn: _page(conn, asked, None, most))
        return CaseCount(count=len(rows), more=place is not None)

    async def chosen(
        self, org_id: str, wanted: CaseWanted, *, most: int, sight: Sight = EVERYTHING
    ) -> list[ChosenCase]:
        """Return up to ``most`` cases that fit and somebody may write, lowest number first, however long it takes."""
        asked = _List(org_id=org_id, wanted=wanted, order=CaseOrder.OLDEST, sight=sight, write=True)
        found: list[ChosenCase] = []
        place: Place | None = None
        while len(found) < most:
            rows, place = await self._access.read(lambda conn, after=place: _page(conn, asked, after, CHOSEN))  # type: ignore[misc]
            found += [ChosenCase(id=row.id, version=row.version) for row in rows]
            if place is None:
                break
        return found[:most]


def _page(conn: Connection, asked: _List, after: Place | None, limit: int) -> tuple[Sequence[AnyRow], Place | None]:
    """Return rows of a page, and where to look on; None = nothing is left."""
    if asked.wanted.nothing:
        return [], None
    asked = _whole(conn, asked)
    few = _few(conn, asked)
    if few is not None:
        source = asked.source((), after, few).subquery("newest")
        rows = _rows(conn, asked, source, limit + 1) if few else []
        return rows[:limit], _place(rows[limit - 1]) if len(rows) > limit else None
    lanes = _lanes(asked)
    looked = asked.looked // DUE_COSTS if asked.order is CaseOrder.DUE else asked.looked
    found: list[AnyRow] = []
    ends: list[Place] = []
    for lane in lanes:
        rows, end = _walk(conn, asked, lane, after, (limit, max(WINDOW, looked // len(lanes))))
        found += rows
        ends += [end] if end is not None else []
    return _merged(asked, found, ends, limit)


def _whole(conn: Connection, asked: _List) -> _List:
    """Ask for the cases that are on their way to somebody who is asked for, too."""
    among = asked.wanted.among
    of = {column: whole(conn, asked.org_id, *among[column]) for column in _MERGED & among.keys()}
    return replace(asked, wanted=replace(asked.wanted, among={**among, **of})) if of else asked


def _merged(asked: _List, found: list[AnyRow], ends: list[Place], limit: int) -> tuple[Sequence[AnyRow], Place | None]:
    """Put lanes together, as far as all of them have been walked."""
    sign = 1 if asked.rising else -1

    def key(place: Place) -> tuple[int, int]:
        return sign * place.value, sign * place.number

    found.sort(key=lambda row: key(_place(row)))
    edge = min(ends, key=key) if ends else None
    rows = found if edge is None else [row for row in found if key(_place(row)) <= key(edge)]
    if len(rows) > limit:
        return rows[:limit], _place(rows[limit - 1])
    return rows, edge


def _walk(
    conn: Connection, asked: _List, lane: Sequence[Condition], after: Place | None, most: tuple[int, int]
) -> tuple[list[AnyRow], Place | None]:
    """Return rows of one lane, and up to where it was walked; None = to its end."""
    limit, left = most
    window = max(WINDOW, limit)
    found: list[AnyRow] = []
    while left > 0:
        number = cases.c.number
        walk = asked.ordered(asked.source(lane, after), _VALUE[asked.order], number)
        rows = _rows(conn, asked, walk.limit(window).subquery("newest"), limit + 1 - len(found))
        found += rows
        if len(found) > limit:
            return found[:limit], _place(found[limit - 1])
        last = walk.with_only_columns(_VALUE[asked.order].label("place"), number).offset(window - 1).limit(1)
        end = conn.execute(last).first()
        if end is None:
            return found, None
        after = Place(value=end.place, number=end.number)
        left -= window
        window = min(window * 4, max(left, 1))
    return found, after


def _rows(conn: Connection, asked: _List, source: Subquery, limit: int) -> list[AnyRow]:
    c = source.c
    query = asked.ordered(select(source).where(*asked.fits(c)), c.place, c.number).limit(limit)
    return list(conn.execute(query))


def _place(row: AnyRow) -> Place:
    return Place(value=row.place, number=row.number)


def _lanes(asked: _List) -> list[tuple[Condition, ...]]:
    """Return ways along an index in the order wanted that together lead past all that fits."""
    wanted, among = asked.wanted, asked.wanted.among
    over = {True: [CASE_OPEN], False: [CASE_OVER], None: [CASE_OPEN, CASE_OVER]}[wanted.open]
    if asked.order in (CaseOrder.UPDATED, CaseOrder.UNTOUCHED, CaseOrder.PRIORITY):
        return [(one,) for one in over]
    if asked.order not in _BY_NUMBER:
        return [()]
    for columns in _INDEXED:
        values = [among.get(column, ()) for column in columns]
        lanes = list(product(*values)) if len(list(product(*values))) <= LANES else []
        if lanes:
            return [
                tuple(cases.c[column] == value for column, value in zip(columns, lane, strict=True)) for lane in lanes
            ]
    return [(CASE_OPEN,)] if wanted.open else [()]


_INDEXED = (("contact_id",), ("account_id",), ("owner_id", "status"), ("owner_id",), ("queue", "status"), ("status",))
"""Columns with an index that goes on with the number, the most telling first."""


def _few(conn: Connection, asked: _List) -> list[str] | None:
    """Return the ids of the cases that a part of the filter names, if they are few."""
    for query in _parts(asked):
        ids = list(dict.fromkeys(conn.scalars(query.limit(FEW + 1))))
        if len(ids) <= FEW:
            return ids
    return None


def _parts(asked: _List) -> Iterator[Select[Any]]:
    """Yield selections of case ids along an index, each of all that fits."""
    org_id, wanted = asked.org_id, asked.wanted
    here = select(cases.c.id).where(cases.c.org_id == org_id)
    for column in sorted(_MERGED):
        values = wanted.among.get(column, ())
        if values and "" not in values:
            # '' is said as the partial indexes of some of them spell it.
            yield here.where(cases.c[column].in_(values), cases.c[column] != _NOTHING)
    if wanted.text and wanted.ids is not None:
        looked = [select(one.c.id).where(containing(one.c.search, wanted.text)) for one in _recent(org_id)]
        yield select(union(here.where(cases.c.id.in_(wanted.ids)), *looked).subquery("anon_1").c.id)
    if wanted.tags:
        yield select(case_tags.c.case_id).where(case_tags.c.org_id == org_id, case_tags.c.tag.in_(wanted.tags))
    if owners := wanted.among.get("owner_id"):
        yield here.where(cases.c.owner_id.in_(owners))
    if wanted.due_before_ms:
        clock = milestones.c
        yield select(clock.case_id).where(
            clock.org_id == org_id, clock.due_ms > literal_column("0"), clock.due_ms < wanted.due_before_ms
        )


def _recent(org_id: str) -> Iterator[Subquery]:
    for column, lane in ((cases.c.number, ()), (cases.c.updated_ms, (CASE_OPEN,))):
        newest = select(cases.c.id, cases.c.search).where(cases.c.org_id == org_id, *lane)
        yield newest.order_by(column.desc()).limit(RECENT).subquery("newest")


def _soonest(org_id: str) -> list[Condition]:
    """Return the conditions that a running milestone is its case's next one."""
    clock, other = milestones.c, milestones.alias("other")
    zero: ColumnElement[int] = literal_column("0")
    sooner = select(other.c.id).where(
        other.c.case_id == clock.case_id,
        other.c.due_ms > zero,
        or_(other.c.due_ms < clock.due_ms, (other.c.due_ms == clock.due_ms) & (other.c.id < clock.id)),
    )
    return [clock.org_id == org_id, clock.due_ms > zero, ~sooner.correlate(milestones).exists()]
