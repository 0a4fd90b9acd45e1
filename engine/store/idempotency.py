"""Answers kept by idempotency key, so that a repeated request has the effect of one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, select, update

from engine.errors import Conflict
from engine.model.record import Kept
from engine.store.access import Access
from engine.store.tables import idempotency_keys as keys
from engine.store.upsert import insert_once

ABANDONED_MS = 60_000
"""A request begun so long ago without an answer died with its process; the next one may take its key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    org_id: str
    key: str
    actor: str
    digest: str
    now_ms: int
    ttl_ms: int


class Idempotency:
    """Keep answers for a while."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def begin(
        self, org_id: str, *, key: str, actor: str, digest: str, now_ms: int, ttl_ms: int = 86_400_000
    ) -> Kept | None:
        """Take the key, or return the answer kept for it.

        Raises Conflict: ``idempotency-mismatch`` when the key was used for another request (by ``digest``),
        ``idempotency-busy`` while the first request is still being worked on.
        """
        request = _Request(org_id=org_id, key=key, actor=actor, digest=digest, now_ms=now_ms, ttl_ms=ttl_ms)
        return await self._access.write(org_id, lambda conn: _begin(conn, request))

    async def finish(self, org_id: str, key: str, actor: str, *, status: int, body: str) -> None:
        """Keep the answer. Idempotent."""
        statement = update(keys).where(_mine(org_id, key, actor)).values(status=status, body=body)
        await self._access.execute(org_id, statement)

    async def release(self, org_id: str, key: str, actor: str) -> None:
        """Give an unanswered key back, so that the request may be tried again. Idempotent."""
        statement = delete(keys).where(_mine(org_id, key, actor), keys.c.status == 0)
        await self._access.execute(org_id, statement)

    async def purge(self, now_ms: int) -> int:
        """Delete what has expired; return how many."""
        statement = delete(keys).where(keys.c.expires_ms <= now_ms)
        return await self._access.execute("", statement)


def _mine(org_id: str, key: str, actor: str) -> ColumnElement[bool]:
    return (keys.c.org_id == org_id) & (keys.c.actor == actor) & (keys.c.key == key)


def _begin(conn: Connection, request: _Request) -> Kept | None:
    row = {
        "org_id": request.org_id,
        "actor": request.actor,
        "key": request.key,
        "digest": request.digest,
        "status": 0,
        "body": "",
        "begun_ms": request.now_ms,
        "expires_ms": request.now_ms + request.ttl_ms,
    }
    if insert_once(conn, keys, row):
        return None
    mine = _mine(request.org_id, request.key, request.actor)
    held = conn.execute(select(keys).where(mine).with_for_update()).one()
    lapsed = held.expires_ms <= request.now_ms
    if not lapsed and held.digest != request.digest:
        raise Conflict("this idempotency key was used for another request", slug="idempotency-mismatch")
    if not lapsed and held.status:
        return Kept(status=held.status, body=held.body)
    if not lapsed and held.begun_ms > request.now_ms - ABANDONED_MS:
        raise Conflict("the first request with this key is still being worked on", slug="idempotency-busy")
    conn.execute(update(keys).where(mine).values(**row))
    return None
