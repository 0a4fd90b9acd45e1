"""Webhooks: who is told of events, up to where, and how that goes.

The place up to which a webhook was told moves only from where it was believed to be: whoever sends on an older belief,
because it was rewound or another process took over, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, literal_column, or_, select, update

from engine.errors import NotFound
from engine.ids import NewId
from engine.model.outside import Interest, Place, Webhook
from engine.model.work import EventKind
from engine.store.access import Access
from engine.store.direct import every, first
from engine.store.json_text import dump
from engine.store.rows import AnyRow
from engine.store.tables import alerts, routing_marks
from engine.store.upsert import insert
from engine.store.webhook_table import webhooks

Hooks = list[Webhook]

_ONE = select(webhooks).where(webhooks.c.id == bindparam("hook"), webhooks.c.org_id == bindparam("org"))
_ACTIVE: ColumnElement[bool] = webhooks.c.active == literal_column("1")
_MARKS = routing_marks.c
_BEHIND = or_(_MARKS.epoch > webhooks.c.epoch, and_(_MARKS.epoch == webhooks.c.epoch, _MARKS.seq > webhooks.c.seq))
_DUE: Select[Any] = (
    select(webhooks)
    .join(routing_marks, _MARKS.org_id == webhooks.c.org_id)
    .where(_ACTIVE, webhooks.c.next_try_ms <= bindparam("now"), _BEHIND)
    .order_by(webhooks.c.next_try_ms, webhooks.c.told_ms)
    .limit(bindparam("most"))
)
_CALM: Mapping[str, object] = {"failures": 0, "failing_since_ms": 0, "next_try_ms": 0, "fault": ""}
ALERT = "webhook-disabled"


class Webhooks:
    """Keep webhooks."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def create(self, hook: Webhook) -> Webhook:
        """Keep a new webhook; it is told of what happens from now on."""

        def work(conn: Connection) -> Webhook:
            mark = conn.execute(select(routing_marks).where(routing_marks.c.org_id == hook.org_id)).first()
            insert(conn, webhooks, _row(hook, (mark.epoch, mark.seq) if mark else (0, 0)))
            return _require(conn, hook.org_id, hook.id)

        return await self._access.write(hook.org_id, work)

    async def get(self, org_id: str, hook_id: str) -> Webhook:
        """Return a webhook; raise NotFound."""
        return await self._access.read(lambda conn: _require(conn, org_id, hook_id))

    async def list(self, org_id: str) -> Hooks:
        """Return all webhooks of an organisation, oldest first."""
        query = select(webhooks).where(webhooks.c.org_id == org_id).order_by(webhooks.c.id)
        return await self._access.read(lambda conn: [hook_of(row) for row in conn.execute(query)])

    async def change(self, hook: Webhook) -> Webhook:
        """Replace name, address, secret and interest; raise NotFound. What it was told stays."""
        values = {name: value for name, value in _row(hook, (0, 0)).items() if name in _CHANGEABLE}
        return await self._update(hook.org_id, hook.id, values)

    async def delete(self, org_id: str, hook_id: str) -> None:
        """Forget a webhook. Idempotent."""
        await self._access.execute(
            org_id, webhooks.delete().where(webhooks.c.id == hook_id, webhooks.c.org_id == org_id)
        )

    async def due(self, now_ms: int, *, limit: int) -> Hooks:
        """Return active webhooks of all organisations that may be told now and have something to be told."""
        values = {"now": now_ms, "most": limit}
        return await self._access.look(lambda conn: [hook_of(row) for row in every(conn, _DUE, values)])

    async def advance(self, hook: Webhook, to: Place, *, now_ms: int, told: bool) -> bool:
        """Note that it was told up to ``to``; False when it was not where ``hook`` believes. Idempotent by that.

        ``told``: something was sent, and not only passed over.
        """
        values: dict[str, object] = {"epoch": to[0], "seq": to[1]}
        if told:
            values |= {**_CALM, "told_ms": now_ms}
        return await self._access.execute(hook.org_id, update(webhooks).where(_at(hook)).values(values)) == 1

    async def failed(self, hook: Webhook, *, fault: str, now_ms: int, next_try_ms: int, disable: bool) -> bool:
        """Note a failure; with ``disable``, tell nothing any more and raise an alert, in one transaction.

        False when it was not where ``hook`` believes: then nothing is changed.
        """
        values = {
            "failures": hook.failures + 1,
            "failing_since_ms": hook.failing_since_ms or now_ms,
            "next_try_ms": next_try_ms,
            "fault": fault,
            "active": 0 if disable else 1,
        }
        new_id = self._access.new_id

        def work(conn: Connection) -> bool:
            changed = conn.execute(update(webhooks).where(_at(hook)).values(values)).rowcount == 1
            if changed and disable:
                insert(conn, alerts, _alert(hook, fault, new_id, now_ms))
            return changed

        return await self._access.write(hook.org_id, work)

    async def enable(self, org_id: str, hook_id: str, *, place: Place | None) -> Webhook:
        """Tell it again from now on, after ``place`` or, without one, from where it stopped. Raises NotFound."""
        values: dict[str, object] = {**_CALM, "active": 1}
        if place is not None:
            values |= {"epoch": place[0], "seq": place[1]}
        return await self._update(org_id, hook_id, values)

    async def rewind(self, org_id: str, hook_id: str, *, place: Place) -> Webhook:
        """Tell it again of everything after ``place``. Raises NotFound."""
        return await self._update(org_id, hook_id, {"epoch": place[0], "seq": place[1], "next_try_ms": 0})

    async def _update(self, org_id: str, hook_id: str, values: Mapping[str, object]) -> Webhook:
        statement = update(webhooks).where(webhooks.c.id == hook_id, webhooks.c.org_id == org_id).values(dict(values))

        def work(conn: Connection) -> Webhook:
            conn.execute(statement)
            return _require(conn, org_id, hook_id)

        return await self._access.write(org_id, work)


_CHANGEABLE = frozenset({"name", "url", "secret", "kinds", "queues"})


def _at(hook: Webhook) -> ColumnElement[bool]:
    """Return the condition that the webhook is active and stands where ``hook`` says."""
    return and_(
        webhooks.c.id == hook.id,
        webhooks.c.org_id == hook.org_id,
        webhooks.c.epoch == hook.place[0],
        webhooks.c.seq == hook.place[1],
        _ACTIVE,
    )


def _require(conn: Connection, org_id: str, hook_id: str) -> Webhook:
    row = first(conn, _ONE, {"hook": hook_id, "org": org_id})
    if row is None:
        raise NotFound(f"there is no webhook {hook_id}", slug="unknown-webhook")
    return hook_of(row)


def hook_of(row: AnyRow) -> Webhook:
    """Read a webhook."""
    return Webhook(
        id=row.id,
        org_id=row.org_id,
        name=row.name,
        url=row.url,
        secret=row.secret,
        interest=Interest(
            kinds=frozenset(EventKind(kind) for kind in _names(row.kinds)), queues=frozenset(_names(row.queues))
        ),
        place=(row.epoch, row.seq),
        active=bool(row.active),
        failures=row.failures,
        failing_since_ms=row.failing_since_ms,
        next_try_ms=row.next_try_ms,
        told_ms=row.told_ms,
        fault=row.fault,
        created_ms=row.created_ms,
    )


def _names(text: str) -> list[str]:
    return msgspec.json.decode(text, type=list[str])


def _row(hook: Webhook, place: Place) -> dict[str, object]:
    return {
        "id": hook.id,
        "org_id": hook.org_id,
        "name": hook.name,
        "url": hook.url,
        "secret": hook.secret,
        "kinds": dump(tuple(sorted(kind.value for kind in hook.interest.kinds))),
        "queues": dump(tuple(sorted(hook.interest.queues))),
        "epoch": place[0],
        "seq": place[1],
        "active": 1,
        "failures": 0,
        "failing_since_ms": 0,
        "next_try_ms": 0,
        "told_ms": 0,
        "fault": "",
        "created_ms": hook.created_ms,
    }


def _alert(hook: Webhook, fault: str, new_id: NewId, now_ms: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "org_id": hook.org_id,
        "user_id": "",
        "kind": ALERT,
        "at_ms": now_ms,
        "data": dump({"webhook_id": hook.id, "name": hook.name, "fault": fault}),
        "acknowledged_ms": 0,
        "acknowledged_by": "",
    }
