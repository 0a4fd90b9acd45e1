"""Merging two contacts, accounts or cases, and undoing it: one transaction each, audited.

The kept one takes over what it has not; everything that points to the lost one points to it from then on. The lost
one stays as it is, but for whom it was merged into, so that readers find the way and an undo finds everything. An
undo gives back the rows that were moved and are still where the merge left them, and those fields of the kept one that
nobody changed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, bindparam, or_, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import NewId
from engine.model.case import Case
from engine.model.case_merge import CaseMergeRules
from engine.model.customer import CASE, Account, Contact, CustomerKind, Merge
from engine.store.access import Access
from engine.store.cases.merged import CaseMerge
from engine.store.customers.merged_accounts import ACCOUNTS
from engine.store.customers.merged_contacts import CONTACTS
from engine.store.customers.merging import Merging
from engine.store.customers.references import Move, forget, move_all, move_back, tell_cases
from engine.store.customers.rows import merge_of
from engine.store.customers.tables import merges
from engine.store.direct import first
from engine.store.json_text import dump, load
from engine.store.tables import audit_events
from engine.store.upsert import change, insert

MergeList = list[Merge]
N = TypeVar("N", Contact, Account, Case)

_ONE: Select[Any] = (
    select(merges).where(merges.c.id == bindparam("id"), merges.c.org_id == bindparam("org")).with_for_update()
)
_IN_FORCE: Select[Any] = select(merges).where(
    merges.c.org_id == bindparam("org"),
    merges.c.kept_id == bindparam("kept"),
    merges.c.lost_id == bindparam("lost"),
    merges.c.undone_ms == 0,
)


def _unknown(merge_id: str) -> NotFound:
    return NotFound(f"there is no merge {merge_id}", slug="unknown-merge")


class Merges:
    """Merge contacts, accounts and cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def merge_contacts(self, org_id: str, kept_id: str, lost_id: str, *, actor_id: str, now_ms: int) -> Merge:
        """Merge the contact ``lost_id`` into ``kept_id``. Idempotent while it is in force.

        Raises NotFound, InvalidInput, Conflict: ``merged`` (one of them was, into another), ``too-many``.
        """
        return await self._merge(CONTACTS, (org_id, kept_id, lost_id), actor_id=actor_id, now_ms=now_ms)

    async def merge_accounts(self, org_id: str, kept_id: str, lost_id: str, *, actor_id: str, now_ms: int) -> Merge:
        """Merge the account ``lost_id`` into ``kept_id``. As ``merge_contacts``."""
        return await self._merge(ACCOUNTS, (org_id, kept_id, lost_id), actor_id=actor_id, now_ms=now_ms)

    async def merge_cases(
        self, org_id: str, kept_id: str, lost_id: str, *, why: str, rules: CaseMergeRules, actor_id: str, now_ms: int
    ) -> Merge:
        """Merge the case ``lost_id`` into ``kept_id``; it ends by ``rules``. As ``merge_contacts``."""
        how = CaseMerge(rules=rules, actor_id=actor_id, new_id=self._access.new_id, lost_id=lost_id, why=why)
        return await self._merge(how.steps(), (org_id, kept_id, lost_id), actor_id=actor_id, now_ms=now_ms)

    async def of(self, org_id: str, customer_id: str, *, limit: int = 100) -> MergeList:
        """Return merges that one of them was part of, newest first."""
        query = (
            select(merges)
            .where(merges.c.org_id == org_id, or_(merges.c.kept_id == customer_id, merges.c.lost_id == customer_id))
            .order_by(merges.c.id.desc())
            .limit(limit)
        )
        return await self._access.read(lambda conn: [merge_of(row) for row in conn.execute(query)])

    async def get(self, org_id: str, merge_id: str) -> Merge:
        """Return a merge; raise NotFound."""
        row = await self._access.read(lambda conn: first(conn, _ONE, {"org": org_id, "id": merge_id}))
        if row is None:
            raise _unknown(merge_id)
        return merge_of(row)

    async def undo(
        self, org_id: str, merge_id: str, *, actor_id: str, now_ms: int, rules: CaseMergeRules | None = None
    ) -> Merge:
        """Undo a merge; its ``left`` says how many rows were gone or elsewhere by now. Idempotent.

        ``rules``: of cases; without them only merges of customers are found.
        Raises NotFound, Conflict(cannot-undo), which says what stands in the way; then nothing has changed.
        """
        new_id = self._access.new_id

        def work(conn: Connection) -> Merge:
            row = first(conn, _ONE, {"org": org_id, "id": merge_id})
            if row is None or (row.kind == CASE and rules is None):
                raise _unknown(merge_id)
            if row.undone_ms:
                return merge_of(row)
            merge, data = merge_of(row), load(row.data)
            if merge.kind == CustomerKind.CONTACT:
                left = _undo(conn, CONTACTS, merge, data, now_ms)
            elif merge.kind == CASE and rules is not None:
                before: dict[str, Any] = load(row.data)["lost"]  # type: ignore[assignment]  # an object
                how = CaseMerge(rules=rules, actor_id=actor_id, new_id=new_id, lost_id=merge.lost_id, before=before)
                left = _undo(conn, how.steps(), merge, data, now_ms)
            else:
                left = _undo(conn, ACCOUNTS, merge, data, now_ms)
            done = {"undone_by": actor_id, "undone_ms": now_ms, "data": dump({**data, "left": left})}
            change(conn, merges, {"id": merge.id}, done)
            _audit(conn, merge, f"{merge.kind}.unmerged", new_id, (actor_id, now_ms, left))
            return replace(merge, undone_by=actor_id, undone_ms=now_ms, left=left)

        return await self._access.write(org_id, work)

    async def _merge(self, how: Merging[N], ids: tuple[str, str, str], *, actor_id: str, now_ms: int) -> Merge:
        org_id, kept_id, lost_id = ids
        if kept_id == lost_id:
            raise InvalidInput("These are one and the same.", field="lost_id")
        new_id = self._access.new_id

        def work(conn: Connection) -> Merge:
            kept, lost = _both(conn, how, ids, now_ms)
            there = first(conn, _IN_FORCE, {"org": org_id, "kept": kept_id, "lost": lost_id})
            if there is not None and lost.merged_into == kept.id:
                return merge_of(there)
            _refuse_merged(how, kept, lost)
            merge = Merge(
                id=new_id(),
                org_id=org_id,
                kind=str(how.kind),
                kept_id=kept.id,
                lost_id=lost.id,
                merged_by=actor_id,
                merged_ms=now_ms,
            )
            merge = _write(conn, how, merge, (kept, lost))
            _audit(conn, merge, f"{merge.kind}.merged", new_id, (actor_id, now_ms, merge.moved))
            return merge

        return await self._access.write(org_id, work)


def _both(conn: Connection, how: Merging[N], ids: tuple[str, str, str], now_ms: int) -> tuple[N, N]:
    """Return both, locked in the order of their ids; raise NotFound."""
    org_id, kept_id, lost_id = ids
    how.prepare(conn, org_id, now_ms)
    found = {one: how.locked(conn, org_id, one) for one in sorted((kept_id, lost_id))}
    return found[kept_id], found[lost_id]


def _refuse_merged(how: Merging[N], *both: N) -> None:
    for one in both:
        if one.merged_into:
            detail = f"the {how.kind} {one.id} was merged into another"
            raise Conflict(detail, slug="merged", merged_into=one.merged_into)


def _write(conn: Connection, how: Merging[N], merge: Merge, both: tuple[N, N]) -> Merge:
    kept, lost = both
    move = _move_of(merge, merge.merged_ms)
    after = how.joined(conn, kept, lost)
    how.make_way(conn, move, both)
    moved = move_all(conn, how.kind, move)
    if how.kind != CASE:
        tell_cases(conn, how.kind, move)
    written = how.write(conn, kept, after, merge.merged_ms)
    how.write(conn, lost, replace(lost, merged_into=kept.id), merge.merged_ms)
    how.check(conn, written)
    data = {"kept": _values(kept), "lost": _values(lost), "after": _values(after), "moved": moved}
    row = {
        "id": merge.id,
        "org_id": merge.org_id,
        "kind": merge.kind,
        "kept_id": merge.kept_id,
        "lost_id": merge.lost_id,
        "data": dump(data),
        "merged_by": merge.merged_by,
        "merged_ms": merge.merged_ms,
        "undone_by": "",
        "undone_ms": 0,
    }
    insert(conn, merges, row)
    return replace(merge, moved=moved)


def _undo(conn: Connection, how: Merging[N], merge: Merge, data: Mapping[str, Any], now_ms: int) -> int:
    try:
        kept, lost = _both(conn, how, (merge.org_id, merge.kept_id, merge.lost_id), now_ms)
    except NotFound as error:
        raise Conflict("one of the two is no longer there", slug="cannot-undo") from error
    if kept.merged_into:
        raise Conflict(
            f"the {merge.kind} that was kept was itself merged since",
            slug="cannot-undo",
            mend="Undo that merge first.",
            merged_into=kept.merged_into,
        )
    if lost.merged_into != kept.id:
        raise Conflict(f"the {merge.kind} is not merged any more", slug="cannot-undo")
    move = _move_of(merge, now_ms)
    left = move_back(conn, how.kind, move) + how.give_back(conn, move)
    if how.kind != CASE:
        tell_cases(conn, how.kind, move, back=True)
    forget(conn, move)
    before, after = data["kept"], data["after"]
    own: dict[str, Any] = {name: _plain(before[name]) for name in before if _untouched(kept, name, before, after)}
    try:
        lost = how.write(conn, lost, how.mended(conn, replace(lost, merged_into="")), now_ms)
        kept = how.write(conn, kept, how.mended(conn, replace(kept, **own)), now_ms)
        how.check(conn, kept)
        how.check(conn, lost)
    except (Conflict, InvalidInput) as error:
        raise Conflict(f"{error.detail} then", slug="cannot-undo", mend=f"Move the {merge.kind}s first.") from error
    return left


def _untouched(kept: Contact | Account | Case, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Say whether the merge changed a field, and nobody since."""
    return bool(before[name] != after[name] and getattr(kept, name) == _plain(after[name]))


def _plain(value: object) -> object:
    """Return a value from JSON as nouns hold it."""
    return tuple(value) if isinstance(value, list) else value


def _values(one: Contact | Account | Case) -> dict[str, object]:
    """Return the fields that a merge may change."""
    fixed = {"id", "org_id", "version", "created_ms", "updated_ms", "merged_into"}
    return {name: value for name, value in asdict(one).items() if name not in fixed}


def _move_of(merge: Merge, at_ms: int) -> Move:
    return Move(merge_id=merge.id, org_id=merge.org_id, lost_id=merge.lost_id, kept_id=merge.kept_id, at_ms=at_ms)


def _audit(conn: Connection, merge: Merge, action: str, new_id: NewId, done: tuple[str, int, int]) -> None:
    actor_id, now_ms, rows = done
    row = {
        "id": new_id(),
        "org_id": merge.org_id,
        "at_ms": now_ms,
        "actor_id": actor_id,
        "action": action,
        "target": merge.kept_id,
        "data": dump({"merge_id": merge.id, "lost_id": merge.lost_id, "rows": rows}),
    }
    insert(conn, audit_events, row)
