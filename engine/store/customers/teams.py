"""Who looks after an account, and the team that a user works with by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.customer import TeamMember
from engine.store.access import Access
from engine.store.customers.accounts import locked_account
from engine.store.customers.rows import member_of
from engine.store.customers.tables import account_team, default_team
from engine.store.tables import users
from engine.store.upsert import change, insert, insert_once

Team = list[TeamMember]

MOST_MEMBERS = 100
"""Members of one team."""


class Teams:
    """Keep the teams of accounts and users' default teams."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def of_account(self, org_id: str, account_id: str) -> Team:
        """Return an account's team, by user id."""
        return await self._access.read(lambda conn: _team(conn, org_id, account_id))

    async def of_user(self, org_id: str, user_id: str) -> dict[str, TeamMember]:
        """Return the accounts in whose team a user is, and as what."""
        query = select(account_team).where(account_team.c.org_id == org_id, account_team.c.user_id == user_id)
        rows = await self._access.read(lambda conn: conn.execute(query).all())
        return {row.account_id: member_of(row) for row in rows}

    async def put(self, org_id: str, account_id: str, member: TeamMember, *, now_ms: int) -> Team:
        """Let somebody be in an account's team, as ``member`` says; return the team.

        Idempotent. Raises NotFound, InvalidInput (no such user), Conflict: ``merged``, ``too-many``.
        """

        def work(conn: Connection) -> Team:
            locked_account(conn, org_id, account_id)
            _check_users(conn, org_id, [member.user_id])
            _put(conn, (org_id, account_id), member, now_ms)
            return _bounded(_team(conn, org_id, account_id))

        return await self._access.write(org_id, work)

    async def remove(self, org_id: str, account_id: str, user_id: str) -> None:
        """Let somebody leave an account's team; raise NotFound, Conflict(merged)."""

        def work(conn: Connection) -> None:
            locked_account(conn, org_id, account_id)
            gone = delete(account_team).where(
                account_team.c.account_id == account_id,
                account_team.c.user_id == user_id,
                account_team.c.org_id == org_id,
            )
            if conn.execute(gone).rowcount == 0:
                raise NotFound("the user is not in the account's team", slug="unknown-member")

        await self._access.write(org_id, work)

    async def default(self, org_id: str, user_id: str) -> Team:
        """Return a user's default team, by user id."""
        return await self._access.read(lambda conn: _default(conn, org_id, user_id))

    async def set_default(self, org_id: str, user_id: str, members: Sequence[TeamMember]) -> Team:
        """Replace a user's default team; raise InvalidInput (no such user)."""

        def work(conn: Connection) -> Team:
            _check_users(conn, org_id, [user_id, *(one.user_id for one in members)])
            conn.execute(delete(default_team).where(default_team.c.user_id == user_id, default_team.c.org_id == org_id))
            for one in sorted(members, key=lambda it: it.user_id):
                insert(conn, default_team, {"user_id": user_id, "member_id": one.user_id, **_row(org_id, one)})
            return _default(conn, org_id, user_id)

        return await self._access.write(org_id, work)

    async def add_default(self, org_id: str, account_id: str, user_id: str, *, now_ms: int) -> Team:
        """Add a user's default team to an account's in one step; who is in it stays as he is. Return the team.

        Idempotent. Raises NotFound, Conflict: ``merged``, ``too-many``.
        """

        def work(conn: Connection) -> Team:
            locked_account(conn, org_id, account_id)
            there = {one.user_id for one in _team(conn, org_id, account_id)}
            for one in _default(conn, org_id, user_id):
                if one.user_id not in there:
                    _put(conn, (org_id, account_id), one, now_ms)
            return _bounded(_team(conn, org_id, account_id))

        return await self._access.write(org_id, work)


def _row(org_id: str, member: TeamMember) -> dict[str, object]:
    return {
        "org_id": org_id,
        "role": member.role,
        "account_access": member.account_access.value,
        "case_access": member.case_access.value,
    }


def _put(conn: Connection, where: tuple[str, str], member: TeamMember, now_ms: int) -> None:
    key = {"account_id": where[1], "user_id": member.user_id}
    row = _row(where[0], member)
    if not insert_once(conn, account_team, {**key, **row, "created_ms": now_ms}):
        change(conn, account_team, key, row)


def _bounded(team: Team) -> Team:
    if len(team) > MOST_MEMBERS:
        raise Conflict(f"a team has at most {MOST_MEMBERS} members", slug="too-many")
    return team


def _check_users(conn: Connection, org_id: str, ids: Sequence[str]) -> None:
    wanted = set(ids)
    query = select(users.c.id).where(users.c.org_id == org_id, users.c.id.in_(sorted(wanted)))
    missing = wanted - {str(row[0]) for row in conn.execute(query)}
    if missing:
        raise InvalidInput(f"There is no user {min(missing)}.", slug="unknown-user", field="user_id")


def _team(conn: Connection, org_id: str, account_id: str) -> Team:
    query = select(account_team).where(account_team.c.account_id == account_id, account_team.c.org_id == org_id)
    return [member_of(row) for row in conn.execute(query.order_by(account_team.c.user_id))]


def _default(conn: Connection, org_id: str, user_id: str) -> Team:
    of = default_team.c
    columns: list[ColumnElement[Any]] = [of.member_id.label("user_id"), of.role, of.account_access, of.case_access]
    query: Select[Any] = select(*columns).where(of.user_id == user_id, of.org_id == org_id).order_by(of.member_id)
    return [member_of(row) for row in conn.execute(query)]
