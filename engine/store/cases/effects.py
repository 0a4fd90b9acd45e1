"""The outbox of cases: what decisions want done outside the record, and how that goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from engine.model.casework import Effect, EffectKind, PendingEffect
from engine.model.ids import make_id
from engine.model.user import User
from engine.store.access import Access
from engine.store.cases.tables import case_effects
from engine.store.direct import every, first, run, scalar
from engine.store.json_text import dump
from engine.store.rows import AnyRow, user_of
from engine.store.tables import alerts, users
from engine.store.upsert import insert

PendingEffects = list[PendingEffect]
UserList = list[User]
KEEP_MS = 30 * 86_400_000
"""What was done stays so long, for whoever asks what was sent."""
MOST_PURGED = 5_000
MOST_TOLD = 200
"""People that one effect reaches at most."""

UNDONE: ColumnElement[bool] = case_effects.c.done_ms == literal_column("0")
ALERT_FAILED = "effect-failed"
ALERT_ESCALATED = "case-escalated"


class CaseEffects:
    """Keep the outbox of cases."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def waits(self, now_ms: int) -> bool:
        """Say whether an effect of any kind is to be tried now, of any organisation."""
        return await self._access.look(lambda conn: first(conn, _WAITS, {"now": now_ms}) is not None)

    async def purge(self, now_ms: int) -> int:
        """Delete what was done and was wanted 30 days ago, 5,000 rows at most; return how many."""
        # Ids are made at the clock's time, so that the oldest lie first along the primary key.
        floor = make_id(now_ms - KEEP_MS, bytes(10))
        old = (
            select(case_effects.c.id)
            .where(case_effects.c.id < floor, case_effects.c.done_ms > 0)
            .order_by(case_effects.c.id)
            .limit(MOST_PURGED)
        )
        return await self._access.execute("", delete(case_effects).where(case_effects.c.id.in_(old)))

    async def due(self, kind: EffectKind, *, now_ms: int, in_order: bool, limit: int) -> PendingEffects:
        """Return effects of a kind to be tried now, of all organisations, soonest first.

        ``in_order``: of each case only the oldest that is not done.
        """
        query = _DUE_IN_ORDER if in_order else _DUE
        values = {"of_kind": kind.value, "now": now_ms, "most": limit}
        return await self._access.look(lambda conn: [_pending(row) for row in every(conn, query, values)])

    async def done(self, pending: PendingEffect, *, now_ms: int) -> None:
        """Note that an effect was done. Idempotent."""
        await self._access.write(pending.org_id, lambda conn: _note_done(conn, pending, now_ms))

    async def failed(self, pending: PendingEffect, *, fault: str, now_ms: int, next_try_ms: int) -> None:
        """Note a failure; ``next_try_ms`` 0: for good, and an alert is raised in the same transaction.

        Idempotent for one attempt.
        """
        values = {
            **_named(pending),
            "before": pending.attempts,
            "new_attempts": pending.attempts + 1,
            "new_fault": fault,
            "new_next_try_ms": next_try_ms,
            "new_done_ms": 0 if next_try_ms else now_ms,
        }

        def work(conn: Connection) -> None:
            changed = run(conn, _FAILED, values).rowcount == 1
            if changed and not next_try_ms:
                data = {"case_id": pending.case_id, "effect_id": pending.effect.id, "fault": fault}
                _alert(conn, self._access, pending, kind=ALERT_FAILED, data={**data, "by": pending.effect.kind.value})

        await self._access.write(pending.org_id, work)

    async def show(self, pending: PendingEffect, *, user_ids: Iterable[str], now_ms: int) -> None:
        """Raise an alert for users ("" = all supervisors) and note the effect as done, in one transaction.

        So it is shown exactly once. Idempotent.
        """
        wanted = sorted(set(user_ids))

        def work(conn: Connection) -> None:
            if not _note_done(conn, pending, now_ms):
                return
            data = {key: value for key, value in pending.effect.data.items() if key not in ("to", "alert")}
            kind = str(pending.effect.data.get("alert") or ALERT_ESCALATED)
            data |= {"case_id": pending.case_id, "effect_id": pending.effect.id}
            for user_id in wanted:
                _alert(conn, self._access, pending, kind=kind, data=data, user_id=user_id)

        await self._access.write(pending.org_id, work)

    async def recipients(
        self, org_id: str, *, user_ids: Iterable[str] = (), logins: Iterable[str] = (), roles: Iterable[str] = ()
    ) -> UserList:
        """Return the active users of these ids, log-ins and roles, each once, by log-in; bounded."""
        mine = or_(users.c.id.in_(list(user_ids)), users.c.login.in_(list(logins)), users.c.role.in_(list(roles)))
        query = (
            select(users).where(users.c.org_id == org_id, mine, users.c.active).order_by(users.c.login).limit(MOST_TOLD)
        )
        return await self._access.read(lambda conn: [user_of(row) for row in conn.execute(query)])

    async def lag_ms(self, now_ms: int) -> int:
        """Return for how long the effect that has been due longest is waiting, of all organisations."""
        due_ms = await self._access.look(lambda conn: scalar(conn, _OLDEST, {}))
        return max(0, now_ms - int(due_ms)) if due_ms else 0


_WAITS: Select[Any] = select(case_effects.c.id).where(UNDONE, case_effects.c.next_try_ms <= bindparam("now")).limit(1)
_older = case_effects.alias("older")
_ALL_DUE: Select[Any] = (
    select(case_effects)
    .where(case_effects.c.kind == bindparam("of_kind"), UNDONE, case_effects.c.next_try_ms <= bindparam("now"))
    .order_by(case_effects.c.next_try_ms, case_effects.c.id)
)
_DUE = _ALL_DUE.limit(bindparam("most"))
_DUE_IN_ORDER = _ALL_DUE.where(
    ~exists(
        select(literal_column("1"))
        .select_from(_older)
        .where(
            _older.c.case_id == case_effects.c.case_id,
            _older.c.number < case_effects.c.number,
            _older.c.kind == case_effects.c.kind,
            _older.c.done_ms == literal_column("0"),
        )
    )
).limit(bindparam("most"))
_OLDEST: Select[Any] = select(func.min(case_effects.c.next_try_ms)).where(UNDONE)
_THIS = and_(case_effects.c.id == bindparam("effect"), case_effects.c.org_id == bindparam("org"), UNDONE)
_DONE = update(case_effects).where(_THIS).values(done_ms=bindparam("now"), fault=literal_column("''"))
_FAILED = (
    update(case_effects)
    .where(_THIS, case_effects.c.attempts == bindparam("before"))
    .values({name: bindparam(f"new_{name}") for name in ("attempts", "fault", "next_try_ms", "done_ms")})
)


def _named(pending: PendingEffect) -> dict[str, object]:
    return {"effect": pending.effect.id, "org": pending.org_id}


def _note_done(conn: Connection, pending: PendingEffect, now_ms: int) -> bool:
    """Note that an effect was done; say whether it was not before."""
    return run(conn, _DONE, {**_named(pending), "now": now_ms}).rowcount == 1


def _pending(row: AnyRow) -> PendingEffect:
    data = msgspec.json.decode(row.data, type=dict[str, object])
    return PendingEffect(
        effect=Effect(id=row.id, kind=EffectKind(row.kind), data=data),
        org_id=row.org_id,
        case_id=row.case_id,
        created_ms=row.created_ms,
        attempts=row.attempts,
    )


def _alert(
    conn: Connection,
    access: Access,
    pending: PendingEffect,
    *,
    kind: str,
    data: Mapping[str, object],
    user_id: str = "",
) -> None:
    row = {
        "id": access.new_id(),
        "org_id": pending.org_id,
        "user_id": user_id,
        "kind": kind,
        "at_ms": access.clock.now_ms(),
        "data": dump(data),
        "acknowledged_ms": 0,
        "acknowledged_by": "",
    }
    insert(conn, alerts, row)
