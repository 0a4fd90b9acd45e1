"""Users: who can sign in, and what wrong passwords do."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from engine.errors import Conflict, NotFound
from engine.ids import NewId
from engine.model.organisation import Role
from engine.model.record import Credentials
from engine.model.user import User
from engine.store.access import Access
from engine.store.cases.writes import ensure_organisation
from engine.store.rows import AnyRow, user_of
from engine.store.sessions import end_sessions
from engine.store.tables import organisations, users
from engine.store.upsert import insert_once

UserList = list[User]
IdList = list[str]


class Users:
    """Keep users."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def by_login(self, org_id: str, login: str) -> Credentials | None:
        """Return the credentials of a login name."""
        query = select(users).where(users.c.org_id == org_id, users.c.login == login)
        row = await self._access.read(lambda conn: conn.execute(query).first())
        return None if row is None else _credentials(row)

    async def credentials(self, org_id: str, user_id: str) -> Credentials:
        """Return a user's credentials; raise NotFound."""
        return _credentials(await self._access.read(lambda conn: _find(conn, org_id, user_id)))

    async def get(self, org_id: str, user_id: str) -> User:
        """Return a user; raise NotFound."""
        return user_of(await self._access.read(lambda conn: _find(conn, org_id, user_id)))

    async def list(self, org_id: str) -> UserList:
        """Return all users by login."""
        query = select(users).where(users.c.org_id == org_id).order_by(users.c.login)
        return await self._access.read(lambda conn: [user_of(row) for row in conn.execute(query)])

    async def create(
        self,
        org_id: str,
        *,
        login: str,
        name: str,
        role: Role,
        now_ms: int,
        password_hash: str = "",
        locale: str = "en",
    ) -> User:
        """Create a user; raise Conflict (``login-taken``)."""
        user = User(id=self._access.new_id(), org_id=org_id, login=login, name=name, role=role, locale=locale)
        return await self._access.write(org_id, lambda conn: _create(conn, user, password_hash, now_ms))

    async def update(
        self,
        org_id: str,
        user_id: str,
        *,
        changes: Mapping[str, object] | None = None,
        role: Role | None = None,
        active: bool | None = None,
        name: str | None = None,
        locale: str | None = None,
    ) -> User:
        """Change what is given, by name or in ``changes``; raise NotFound or Conflict (``last-admin``).

        Another role or activity ends the user's sessions in the same transaction.
        """
        given = {"role": role, "active": active, "name": name, "locale": locale, **(changes or {})}
        values = {column: value for column, value in given.items() if value is not None}
        return await self._access.write(org_id, lambda conn: _update(conn, org_id, user_id, values))

    async def set_password(self, org_id: str, user_id: str, password_hash: str, *, now_ms: int | None = None) -> None:
        """Replace the password's hash, lift a lock-out and end the user's sessions, all or nothing; raise NotFound."""
        values = {
            "password_hash": password_hash,
            "password_ms": self._access.clock.now_ms() if now_ms is None else now_ms,
            "failed_count": 0,
            "locked_until_ms": 0,
        }
        await self._access.write(org_id, lambda conn: _set_password(conn, org_id, user_id, values))

    async def rehash(self, org_id: str, user_id: str, *, before: str, after: str) -> bool:
        """Replace the hash of the same password; False, and nothing, when it is another password by now."""
        mine = (users.c.id == user_id) & (users.c.org_id == org_id) & (users.c.password_hash == before)
        return bool(await self._access.execute(org_id, update(users).where(mine).values(password_hash=after)))

    async def record_failure(
        self, org_id: str, user_id: str, *, lock_after: int, lock_ms: int, now_ms: int
    ) -> Credentials:
        """Count a wrong password; after ``lock_after`` in a row lock the user for ``lock_ms``. Raises NotFound."""
        return await self._access.write(
            org_id,
            lambda conn: _fail(conn, (org_id, user_id), lock_after=lock_after, lock_ms=lock_ms, now_ms=now_ms),
        )

    async def record_success(self, org_id: str, user_id: str) -> None:
        """Forget wrong passwords; raise NotFound."""
        values = {"failed_count": 0, "locked_until_ms": 0}
        await self._access.write(org_id, lambda conn: _write(conn, org_id, user_id, values))

    async def organisations(self) -> IdList:
        """Return the ids of all organisations on record."""
        query = select(organisations.c.org_id).order_by(organisations.c.org_id)
        return await self._access.look(lambda conn: [row.org_id for row in conn.execute(query)])


def _credentials(row: AnyRow) -> Credentials:
    return Credentials(
        user=user_of(row),
        password_hash=row.password_hash,
        failed_count=row.failed_count,
        locked_until_ms=row.locked_until_ms,
    )


def _find(conn: Connection, org_id: str, user_id: str) -> AnyRow:
    row = conn.execute(select(users).where(users.c.id == user_id, users.c.org_id == org_id)).first()
    if row is None:
        raise NotFound(f"there is no user {user_id}", slug="unknown-user")
    return row


def _create(conn: Connection, user: User, password_hash: str, now_ms: int) -> User:
    ensure_organisation(conn, user.org_id, now_ms)
    if not insert_once(conn, users, row_of_user(user, password_hash=password_hash, now_ms=now_ms)):
        raise Conflict(f"the login {user.login!r} is taken", slug="login-taken")
    return user


def row_of_user(user: User, *, password_hash: str, now_ms: int) -> dict[str, object]:
    """Write a new user as a row."""
    return {
        "id": user.id,
        "org_id": user.org_id,
        "login": user.login,
        "name": user.name,
        "role": user.role.value,
        "active": user.active,
        "locale": user.locale,
        "password_hash": password_hash,
        "password_ms": now_ms if password_hash else 0,
        "failed_count": 0,
        "locked_until_ms": 0,
        "created_ms": now_ms,
    }


def _update(conn: Connection, org_id: str, user_id: str, values: Mapping[str, object]) -> User:
    # Locked, so that two admins cannot demote each other at once.
    conn.execute(select(organisations).where(organisations.c.org_id == org_id).with_for_update())
    before = user_of(_find(conn, org_id, user_id))
    after = user_of(_write(conn, org_id, user_id, {**values, "role": Role(str(values.get("role", before.role))).value}))
    if (after.role, after.active) != (before.role, before.active):
        end_sessions(conn, org_id, user_id)
    if _runs(before) and not _runs(after):
        left = conn.execute(select(users).where(users.c.org_id == org_id, users.c.role == Role.ADMIN.value))
        if not any(_runs(user_of(row)) for row in left):
            raise Conflict("this is the last active admin", slug="last-admin", mend="Make somebody else admin first.")
    return after


def _runs(user: User) -> bool:
    return user.active and user.role is Role.ADMIN


def _write(conn: Connection, org_id: str, user_id: str, values: Mapping[str, object]) -> AnyRow:
    if values:
        conn.execute(update(users).where(users.c.id == user_id, users.c.org_id == org_id).values(**values))
    return _find(conn, org_id, user_id)


def _set_password(conn: Connection, org_id: str, user_id: str, values: Mapping[str, object]) -> None:
    _write(conn, org_id, user_id, values)  # first: it locks the row that a beginning session looks at
    end_sessions(conn, org_id, user_id)


def _fail(conn: Connection, where: tuple[str, str], *, lock_after: int, lock_ms: int, now_ms: int) -> Credentials:
    conn.execute(
        update(users)
        .where(users.c.id == where[1], users.c.org_id == where[0])
        .values(failed_count=users.c.failed_count + 1)
    )
    row = _find(conn, *where)
    if row.failed_count >= lock_after:
        row = _write(conn, *where, {"failed_count": 0, "locked_until_ms": now_ms + lock_ms})
    return _credentials(row)


def upsert_configured(conn: Connection, wanted: User, *, new_id: NewId, now_ms: int) -> None:
    """Let a configured user be as configured; password, activity and language stay his own."""
    row = row_of_user(wanted, password_hash="", now_ms=now_ms)
    if not insert_once(conn, users, {**row, "id": new_id()}):
        conn.execute(
            update(users)
            .where(users.c.org_id == wanted.org_id, users.c.login == wanted.login)
            .values(name=wanted.name, role=wanted.role.value)
        )
