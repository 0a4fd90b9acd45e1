"""Merging cases: what moves, how the lost one ends, and how it comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, literal_column, select, update

from engine.errors import Conflict, NotFound, Unavailable
from engine.ids import NewId
from engine.model.case import Case
from engine.model.case_merge import CaseMergeRules
from engine.model.casework import CaseDecision, CaseFacts, Change, Effect, EffectKind, HistoryLine
from engine.model.customer import CASE
from engine.store.cases.decide import CARRIED, CHANGEABLE, decide_case
from engine.store.cases.references import DEEPEST
from engine.store.cases.tables import case_followers, case_links, case_signals, case_timers, cases, milestones
from engine.store.cases.writes import lock_case
from engine.store.customers.kept import plain_org
from engine.store.customers.merging import Merging
from engine.store.customers.moving import restore_all
from engine.store.customers.references import Move, drop, remember
from engine.store.direct import first
from engine.store.rows import case_of
from engine.store.upsert import change

TAKEN_OVER = ("description", "type", "topic", "contact_id", "account_id")
MOST_TAGS = 50
CLOCK = ("state", "used_ms", "running_since_ms", "due_ms", "met_ms", "missed_ms")
"""Columns of a milestone that its end changes."""
_ABOVE = select(cases.c.parent_id).where(cases.c.id == bindparam("id"), cases.c.org_id == bindparam("org"))
_NUMBER = select(cases.c.number).where(cases.c.id == bindparam("id"), cases.c.org_id == bindparam("org"))


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseMerge:
    """One merge of cases, or its undoing: by which rules, who wants it, why."""

    rules: CaseMergeRules
    actor_id: str
    new_id: NewId
    lost_id: str
    why: str = ""
    before: dict[str, Any] | None = None  # of an undo: the lost case's fields before the merge

    def steps(self) -> Merging[Case]:
        """Return the steps."""
        return Merging(
            kind=CASE,
            prepare=lambda _conn, _org_id, _now_ms: None,
            locked=locked,
            joined=joined,
            make_way=make_way,
            write=self.write,
            check=check,
            give_back=give_back,
            mended=self.mended,
        )

    def write(self, conn: Connection, before: Case, after: Case, now_ms: int) -> Case:
        """Let a case become another; both write their lines of history."""
        if after.merged_into and not before.merged_into:
            return self._end(conn, before, after, now_ms)
        if before.merged_into and not after.merged_into:
            return self._bring_back(conn, before, after, now_ms)
        number = first(conn, _NUMBER, {"id": self.lost_id, "org": before.org_id})
        data: dict[str, object] = {"case_id": self.lost_id, "number": 0 if number is None else number.number}
        kind = "merged" if self.before is None else "unmerged"
        line = HistoryLine(kind=kind, data=data | ({"why": self.why} if self.why else {}), asked=True)
        decide = self.rules.plan(self._changes(before, after), line)
        where = (before.org_id, before.id)
        return decide_case(conn, where, decide, actor_id=self.actor_id, new_id=self.new_id, now_ms=now_ms).case

    def mended(self, _conn: Connection, case: Case) -> Case:
        """Return the lost case as it was; but for its item, which is over."""
        if case.id != self.lost_id or self.before is None:
            return case
        fields = {name: self.before[name] for name in CHANGEABLE & self.before.keys() if name != "item_id"}
        fields["tags"] = tuple(fields["tags"])
        return replace(case, **fields)

    def _end(self, conn: Connection, before: Case, after: Case, now_ms: int) -> Case:
        """Close the lost case by the rules: clocks stop, its entitlement is given back, its work ends."""
        carry = update(case_signals).where(case_signals.c.case_id == before.id, case_signals.c.kind.in_(CARRIED))
        conn.execute(carry.values(case_id=after.merged_into))
        changes = [Change(field="merged_into", to=after.merged_into, why=self.why)]
        if before.status not in self.rules.over:
            changes.append(Change(field="status", to=self.rules.closed, why="merged"))
        line = HistoryLine(kind="merged", data={"into": after.merged_into}, asked=True)
        decide, where = self.rules.plan(changes, line), (before.org_id, before.id)
        return decide_case(conn, where, decide, actor_id=self.actor_id, new_id=self.new_id, now_ms=now_ms).case

    def _bring_back(self, conn: Connection, before: Case, after: Case, now_ms: int) -> Case:
        """Let the lost case be what it was; its clocks were given back, its work is made anew."""
        changes = self._changes(before, after)
        effect = Effect(id=self.new_id(), kind=EffectKind.WORK, data={"open": True, "settle": True})
        line = HistoryLine(kind="unmerged", data={"from": before.merged_into}, asked=True)

        def decide(_facts: CaseFacts) -> CaseDecision:
            return CaseDecision(changes=changes, lines=(line,), effects=(effect,))

        where = (before.org_id, before.id)
        try:
            return decide_case(
                conn, where, decide, actor_id=self.actor_id, new_id=self.new_id, now_ms=now_ms, of_merged=True
            ).case
        except Unavailable as error:
            raise Conflict("the case's entitlement is used up or gone", slug="cannot-undo") from error

    def _changes(self, before: Case, after: Case) -> tuple[Change, ...]:
        names = sorted(name for name in CHANGEABLE if getattr(before, name) != getattr(after, name))
        return tuple(Change(field=name, to=getattr(after, name), why=self.why or "merge", asked=True) for name in names)


def locked(conn: Connection, org_id: str, case_id: str) -> Case:
    """Return a case, merged or not, locked; raise NotFound."""
    row = lock_case(conn, org_id, case_id)
    if row is None:
        raise NotFound(f"there is no case {case_id}", slug="unknown-case")
    return case_of(row)


def joined(conn: Connection, kept: Case, lost: Case) -> Case:
    """Return the kept case with what only the lost one has, and its tags; from beneath it, it takes its place."""
    taken: dict[str, Any] = {name: getattr(lost, name) for name in TAKEN_OVER if not getattr(kept, name)}
    tags = tuple(dict.fromkeys((*kept.tags, *lost.tags)))[:MOST_TAGS]
    beneath = lost.id in above(conn, kept)
    parent_id = lost.parent_id if beneath else kept.parent_id
    return replace(kept, **taken, tags=tags, parent_id=parent_id, fields={**lost.fields, **kept.fields})


def above(conn: Connection, case: Case) -> list[str]:
    """Return the cases above a case, nearest first; raise Conflict (``case-circle``)."""
    found: list[str] = []
    parent_id = case.parent_id
    while parent_id:
        found.append(parent_id)
        if parent_id == case.id or len(found) > 2 * DEEPEST:
            raise Conflict("a case would be a part of itself", slug="case-circle")
        row = first(conn, _ABOVE, {"id": parent_id, "org": case.org_id})
        parent_id = "" if row is None else row.parent_id
    return found


def make_way(conn: Connection, move: Move, both: tuple[Case, Case]) -> None:
    """Let nothing be linked or followed twice, nor to itself; write down how the lost one's clocks stand."""
    kept, lost = both
    place = joined(conn, kept, lost).parent_id
    if place != kept.parent_id:
        change(conn, cases, {"id": kept.id}, {"parent_id": place})
    _drop_where(conn, case_followers, _twice(case_followers, "case_id", "user_id", both), move)
    link, related = case_links.c, case_links.c.kind == literal_column("'case'")
    between = related & link.case_id.in_([kept.id, lost.id]) & link.target_id.in_([kept.id, lost.id])
    _drop_where(conn, case_links, between, move)
    _drop_where(conn, case_links, _twice(case_links, "case_id", "target_id", both), move)
    _drop_where(conn, case_links, _twice(case_links, "target_id", "case_id", both, related), move)
    running = (milestones.c.case_id == lost.id) & milestones.c.state.in_(["running", "paused"])
    for row in conn.execute(select(milestones).where(running)).all():
        remember(conn, milestones, row, move, what="altered")
    for row in conn.execute(select(case_timers).where(case_timers.c.case_id == lost.id)).all():
        remember(conn, case_timers, row, move, what="dropped")


def _twice(table: Table, column: str, other: str, both: tuple[Case, Case], *also: Any) -> ColumnElement[bool]:  # noqa: ANN401 -- conditions
    """Return which rows of the lost case the kept one has too; ``also``: what else their index begins with."""
    kept, lost = both
    of, org = table.c, table.c.org_id if also else plain_org(table)
    theirs = select(of[other]).where(org == kept.org_id, *also, of[column] == kept.id)
    return and_(org == kept.org_id, *also, of[column] == lost.id, of[other].in_(theirs))


def _drop_where(conn: Connection, table: Table, which: ColumnElement[bool], move: Move) -> None:
    for row in conn.execute(select(table).where(plain_org(table) == move.org_id, which)).all():
        drop(conn, table, row, move)


def give_back(conn: Connection, move: Move) -> tuple[int, bool]:
    """Put back what ``make_way`` took, and the clocks as they stood; return for how many rows that was impossible."""
    left = restore_all(conn, case_followers, move, of="case_id") + restore_all(conn, case_links, move, of="case_id")
    left += restore_all(conn, milestones, move, of="case_id", columns=CLOCK)
    return left + restore_all(conn, case_timers, move, of="case_id"), False


def check(conn: Connection, case: Case) -> None:
    """Refuse a case that is a part of itself."""
    above(conn, case)
