"""Signed-in browsers; only the hash of the cookie's secret is kept.

A session begins only while the password that opened it is still the user's, and a new password ends all sessions in
its own transaction (``Users.set_password``). Both lock the user's row first: whichever comes second sees the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Delete, delete, select, update

from engine.errors import Unauthenticated
from engine.model.organisation import Role
from engine.model.record import Session
from engine.model.user import User
from engine.store.access import Access
from engine.store.rows import user_of
from engine.store.tables import sessions, users

Standing = dict[str, Role]

TEXT_LENGTH = 200
"""What a browser says of itself is cut to this."""


class Sessions:
    """Keep sessions."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def create(
        self,
        token_hash: str,
        *,
        user: User,
        csrf: str,
        expires_ms: int,
        address: str,
        user_agent: str,
        now_ms: int,
        password_hash: str,
    ) -> Session:
        """Begin a session; raise Unauthenticated when ``password_hash`` is not the user's any more."""
        row = {
            "token_hash": token_hash,
            "org_id": user.org_id,
            "user_id": user.id,
            "csrf": csrf,
            "created_ms": now_ms,
            "seen_ms": now_ms,
            "expires_ms": expires_ms,
            "address": address[:TEXT_LENGTH],
            "user_agent": user_agent[:TEXT_LENGTH],
        }
        await self._access.write(user.org_id, lambda conn: _create(conn, row, password_hash))
        return Session(user=user, csrf=csrf, created_ms=now_ms, seen_ms=now_ms, expires_ms=expires_ms)

    async def get(self, token_hash: str, now_ms: int) -> Session | None:
        """Return a session that has not expired, of a user who is active."""
        return await self._access.read(lambda conn: _get(conn, token_hash, now_ms))

    async def standing(self, keys: Sequence[str], now_ms: int) -> Standing:
        """Return, by hash, the role of whoever still has one of these sessions; those that ended are left out."""
        query = (
            select(sessions.c.token_hash, users.c.role)
            .join_from(sessions, users, sessions.c.user_id == users.c.id)
            .where(sessions.c.token_hash.in_(keys), sessions.c.expires_ms > now_ms, users.c.active)
        )
        return await self._access.read(lambda conn: {row.token_hash: Role(row.role) for row in conn.execute(query)})

    async def touch(self, token_hash: str, *, now_ms: int, expires_ms: int = 0) -> None:
        """Note that a session was used; let it last until ``expires_ms`` if that is later."""
        used = update(sessions).where(sessions.c.token_hash == token_hash)
        longer = used.where(sessions.c.expires_ms < expires_ms).values(expires_ms=expires_ms)

        def work(conn: Connection) -> None:
            conn.execute(used.values(seen_ms=now_ms))
            conn.execute(longer)

        await self._access.write("", work)

    async def delete(self, token_hash: str) -> None:
        """End a session. Idempotent."""
        await self._delete(delete(sessions).where(sessions.c.token_hash == token_hash))

    async def purge(self, now_ms: int) -> int:
        """Delete what has expired; return how many."""
        return await self._delete(delete(sessions).where(sessions.c.expires_ms <= now_ms))

    async def _delete(self, statement: Delete) -> int:
        return await self._access.execute("", statement)


def end_sessions(conn: Connection, org_id: str, user_id: str) -> None:
    """End all sessions of a user, in the transaction that changes him. Idempotent."""
    conn.execute(delete(sessions).where(sessions.c.user_id == user_id, sessions.c.org_id == org_id))


def _create(conn: Connection, row: Mapping[str, object], password_hash: str) -> None:
    now = conn.scalar(select(users.c.password_hash).where(users.c.id == row["user_id"]).with_for_update())
    if now != password_hash:
        raise Unauthenticated("The password has just been changed.", slug="login-failed")
    conn.execute(sessions.insert(), row)


def _get(conn: Connection, token_hash: str, now_ms: int) -> Session | None:
    row = conn.execute(
        select(sessions).where(sessions.c.token_hash == token_hash, sessions.c.expires_ms > now_ms)
    ).first()
    if row is None:
        return None
    user = conn.execute(select(users).where(users.c.id == row.user_id)).one()
    if not user.active:
        return None
    return Session(
        user=user_of(user),
        csrf=row.csrf,
        created_ms=row.created_ms,
        seen_ms=row.seen_ms,
        expires_ms=row.expires_ms,
    )
