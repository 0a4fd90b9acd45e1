"""Merging two contacts, accounts or cases, and undoing it, audited.

The kept one takes over what it has not; everything that points to the lost one points to it from then on. The lost
one stays as it is, but for whom it was merged into, so that readers find the way and an undo finds everything. An
undo gives back the rows that were moved and are still where the merge left them, and those fields of the kept one that
nobody changed since.

What is decided is decided in one transaction, with whatever it depends on. When many rows point to the lost one, the
rest of them follows in pieces, so that others may write in between: the merge is ``moving`` until ``go_on`` has moved
the last. An undo may begin before that; what was not moved yet is where it belongs. Once all are there, it is looked
again a minute later for rows that somebody wrote by what he had read before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, bindparam, literal_column, or_, select, update

from engine.errors import Conflict, InvalidInput, NotFound
from engine.ids import NewId
from engine.model.case import Case
from engine.model.case_merge import CaseMergeRules
from engine.model.customer import CASE, Account, Contact, CustomerKind, Merge
from engine.store.access import Access
from engine.store.cases.merged import CaseMerge, give_back
from engine.store.customers.merged_accounts import ACCOUNTS
from engine.store.customers.merged_contacts import CONTACTS
from engine.store.customers.merging import GiveBack, Merging
from engine.store.customers.moving import back_first, back_piece, move_first, move_piece
from engine.store.customers.references import Move
from engine.store.customers.rows import merge_of
from engine.store.customers.tables import merges
from engine.store.direct import every, first, run
from engine.store.json_text import dump, load
from engine.store.tables import audit_events
from engine.store.upsert import change, insert

MergeList = list[Merge]
MergeIds = list[str]
LATE_MS = 60_000
"""How long after the last row of a merge it is looked for rows that came late."""
AT_A_TIME = 20
N = TypeVar("N", Contact, Account, Case)

_ONE: Select[Any] = select(merges).where(merges.c.id == bindparam("id"), merges.c.org_id == bindparam("org"))
_LOCKED: Select[Any] = _ONE.with_for_update()
_IN_FORCE: Select[Any] = select(merges).where(
    merges.c.org_id == bindparam("org"),
    merges.c.kept_id == bindparam("kept"),
    merges.c.lost_id == bindparam("lost"),
    merges.c.undone_ms == 0,
)
_MOVING: Select[Any] = select(merges.c.id).where(
    merges.c.org_id == bindparam("org"),
    merges.c.moving == literal_column("1"),
    or_(merges.c.kept_id == bindparam("kept"), merges.c.lost_id == bindparam("lost")),
)
_DUE: Select[Any] = (
    select(merges.c.id)
    .where(
        merges.c.org_id == bindparam("org"),
        merges.c.look_ms > literal_column("0"),
        merges.c.look_ms <= bindparam("now"),
    )
    .order_by(merges.c.look_ms)
    .limit(AT_A_TIME)
)
_OF_KEPT = (
    update(merges)
    .where(merges.c.org_id == bindparam("org"), merges.c.lost_id == bindparam("kept"), merges.c.undone_ms == 0)
    .values(look_ms=bindparam("now"))
)
_PUT_OFF = (
    update(merges)
    .where(merges.c.id == bindparam("merge"), merges.c.org_id == bindparam("org"), merges.c.look_ms > 0)
    .values(look_ms=bindparam("until"))
)
_GIVE_BACK: Mapping[str, GiveBack] = {
    CustomerKind.CONTACT: CONTACTS.give_back,
    CustomerKind.ACCOUNT: ACCOUNTS.give_back,
    CASE: give_back,
}


def _unknown(merge_id: str) -> NotFound:
    return NotFound(f"there is no merge {merge_id}", slug="unknown-merge")


class Merges:
    """Merge contacts, accounts and cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def merge_contacts(self, org_id: str, kept_id: str, lost_id: str, *, actor_id: str, now_ms: int) -> Merge:
        """Merge the contact ``lost_id`` into ``kept_id``. Idempotent while it is in force.

        Raises NotFound, InvalidInput, Conflict: ``merged`` (one of them was, into another), ``still-moving``.
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
        Raises NotFound, Conflict: ``cannot-undo``, which says what stands in the way, ``still-moving``; then nothing
        has changed.
        """
        new_id = self._access.new_id

        def work(conn: Connection) -> Merge:
            row = first(conn, _LOCKED, {"org": org_id, "id": merge_id})
            if row is None or (row.kind == CASE and rules is None):
                raise _unknown(merge_id)
            if row.undone_ms:
                return merge_of(row)
            merge, data = merge_of(row), load(row.data)
            if merge.kind == CustomerKind.CONTACT:
                left, more = _undo(conn, CONTACTS, merge, data, now_ms)
            elif merge.kind == CASE and rules is not None:
                before: dict[str, Any] = load(row.data)["lost"]  # type: ignore[assignment]  # an object
                how = CaseMerge(rules=rules, actor_id=actor_id, new_id=new_id, lost_id=merge.lost_id, before=before)
                left, more = _undo(conn, how.steps(), merge, data, now_ms)
            else:
                left, more = _undo(conn, ACCOUNTS, merge, data, now_ms)
            done = {"undone_by": actor_id, "undone_ms": now_ms, "data": dump({**data, "left": left})}
            change(conn, merges, {"id": merge.id}, {**done, "moving": int(more), "look_ms": now_ms if more else 0})
            _audit(conn, merge, f"{merge.kind}.unmerged", new_id, (actor_id, now_ms, left))
            return replace(merge, undone_by=actor_id, undone_ms=now_ms, left=left, moving=more)

        return await self._access.write(org_id, work)

    async def due(self, org_id: str, *, now_ms: int) -> MergeIds:
        """Return merges to ``go_on`` with, longest waiting first; a few."""
        values = {"org": org_id, "now": now_ms}
        return await self._access.look(lambda conn: [row.id for row in every(conn, _DUE, values)])

    async def go_on(self, org_id: str, merge_id: str, *, now_ms: int) -> bool:
        """Move the next rows of a merge, there or back; say whether more are on their way. Idempotent."""
        return await self._access.write(org_id, lambda conn: _go_on(conn, org_id, merge_id, now_ms))

    async def put_off(self, org_id: str, merge_id: str, *, until_ms: int) -> None:
        """Let a merge that is gone on with not be due before then. Idempotent."""
        values = {"org": org_id, "merge": merge_id, "until": until_ms}
        await self._access.write(org_id, lambda conn: run(conn, _PUT_OFF, values).rowcount)

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
            _refuse_moving(conn, lost, kept_id=lost.id)
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


def _refuse_moving(conn: Connection, one: Contact | Account | Case, *, kept_id: str = "") -> None:
    """Refuse while rows are on their way from or to somebody, or (``kept_id``) from or to who was merged into him."""
    if first(conn, _MOVING, {"org": one.org_id, "kept": kept_id, "lost": one.id}) is not None:
        raise Conflict(
            f"an earlier merge with {one.id} is still moving rows",
            slug="still-moving",
            mend="Try again in some seconds.",
        )


def _write(conn: Connection, how: Merging[N], merge: Merge, both: tuple[N, N]) -> Merge:
    kept, lost = both
    move = _move_of(merge, merge.merged_ms)
    after = how.joined(conn, kept, lost)
    how.make_way(conn, move, both)
    moved, more = move_first(conn, how.kind, move)
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
        "moving": int(more),
        "look_ms": merge.merged_ms + (0 if more else LATE_MS),
    }
    insert(conn, merges, row)
    return replace(merge, moved=moved, moving=more)


def _go_on(conn: Connection, org_id: str, merge_id: str, now_ms: int) -> bool:
    row = first(conn, _LOCKED, {"org": org_id, "id": merge_id})
    if row is None or not 0 < row.look_ms <= now_ms:
        return False
    merge = merge_of(row)
    move = _move_of(merge, now_ms)
    moved, left, look_ms = merge.moved, merge.left, row.look_ms
    if merge.undone_ms:
        gone, more = back_piece(conn, merge.kind, move)
        if not more:
            not_put_back, more = _GIVE_BACK[merge.kind](conn, move)
            gone += not_put_back
        left += gone
        look_ms = look_ms if more else 0
    else:
        count, more = move_piece(conn, merge.kind, move)
        moved += count
        if count:  # who was kept may have been merged since
            run(conn, _OF_KEPT, {"org": org_id, "kept": merge.kept_id, "now": now_ms})
        if not more:
            look_ms = now_ms + LATE_MS if count or merge.moving else 0
    data = dump({**load(row.data), "moved": moved, "left": left})
    change(conn, merges, {"id": merge.id}, {"moving": int(more), "look_ms": look_ms, "data": data})
    return more


def _undo(conn: Connection, how: Merging[N], merge: Merge, data: Mapping[str, Any], now_ms: int) -> tuple[int, bool]:
    """Undo what is decided; return how many rows were elsewhere, and whether more are to be moved back."""
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
    _refuse_moving(conn, kept)
    move = _move_of(merge, now_ms)
    left, more = back_first(conn, how.kind, move)
    not_put_back, later = how.give_back(conn, move)
    before, after = data["kept"], data["after"]
    own: dict[str, Any] = {name: _plain(before[name]) for name in before if _untouched(kept, name, before, after)}
    try:
        lost = how.write(conn, lost, how.mended(conn, replace(lost, merged_into="")), now_ms)
        kept = how.write(conn, kept, how.mended(conn, replace(kept, **own)), now_ms)
        how.check(conn, kept)
        how.check(conn, lost)
    except (Conflict, InvalidInput) as error:
        raise Conflict(f"{error.detail} then", slug="cannot-undo", mend=f"Move the {merge.kind}s first.") from error
    return left + not_put_back, more or later


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
