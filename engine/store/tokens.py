"""API tokens; only the hash of the secret is kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, or_, select, update

from engine.errors import NotFound
from engine.model.organisation import Role
from engine.model.record import ApiToken
from engine.model.user import Principal, Scope, lower
from engine.store.access import Access
from engine.store.rows import AnyRow, token_of
from engine.store.tables import api_tokens, users

TokenList = list[ApiToken]
Standing = dict[str, Role]

_WITH_USER = select(
    api_tokens,
    users.c.login.label("user_login"),
    users.c.name.label("user_name"),
    users.c.role.label("user_role"),
).join_from(
    api_tokens, users, (users.c.id == api_tokens.c.user_id) & (users.c.org_id == api_tokens.c.org_id), isouter=True
)


class Tokens:
    """Keep API tokens."""

    def __init__(self, *, access: Access) -> None:
        self._access = access

    async def create(
        self,
        org_id: str,
        *,
        name: str,
        token_hash: str,
        role: Role,
        now_ms: int,
        user_id: str = "",
        expires_ms: int = 0,
        scopes: Sequence[Scope] = (),
    ) -> ApiToken:
        """Create a token; ``expires_ms`` 0 = never, ``scopes`` empty = as the role allows."""
        token = ApiToken(
            id=self._access.new_id(),
            org_id=org_id,
            name=name,
            role=role,
            user_id=user_id,
            created_ms=now_ms,
            expires_ms=expires_ms,
            scopes=tuple(sorted(set(scopes))),
        )
        row = {
            "id": token.id,
            "org_id": org_id,
            "name": name,
            "token_hash": token_hash,
            "role": role.value,
            "user_id": user_id,
            "created_ms": now_ms,
            "expires_ms": expires_ms,
            "revoked_ms": 0,
            "scopes": " ".join(token.scopes),
        }
        await self._access.execute(org_id, api_tokens.insert(), row)
        return token

    async def get(self, token_hash: str, now_ms: int) -> Principal | None:
        """Return who a valid token speaks for; a token of a user who is not active is not valid."""
        valid = await self._access.read(lambda conn: _valid(conn, (token_hash,), now_ms))
        return valid.get(token_hash)

    async def standing(self, keys: Sequence[str], now_ms: int) -> Standing:
        """Return, by hash, the role that each of these tokens still gives; those that are not valid are left out."""
        valid = await self._access.read(lambda conn: _valid(conn, keys, now_ms))
        return {key: principal.role for key, principal in valid.items()}

    async def list(self, org_id: str) -> TokenList:
        """Return all tokens, newest first, revoked ones too."""
        query = select(api_tokens).where(api_tokens.c.org_id == org_id).order_by(api_tokens.c.id.desc())
        return await self._access.read(lambda conn: [token_of(row) for row in conn.execute(query)])

    async def revoke(self, org_id: str, token_id: str, *, now_ms: int) -> str:
        """Make a token invalid; return its hash. Idempotent; raises NotFound."""
        return await self._access.write(org_id, lambda conn: _revoke(conn, org_id, token_id, now_ms))


def _valid(conn: Connection, keys: Sequence[str], now_ms: int) -> dict[str, Principal]:
    """Return, by hash, who each valid token speaks for."""
    query = _WITH_USER.where(
        api_tokens.c.token_hash.in_(keys),
        api_tokens.c.revoked_ms == 0,
        or_(api_tokens.c.expires_ms == 0, api_tokens.c.expires_ms > now_ms),
        or_(api_tokens.c.user_id == "", users.c.active),
    )
    return {row.token_hash: _principal(row) for row in conn.execute(query)}


def _principal(row: AnyRow) -> Principal:
    login, name, role = f"token:{row.name}", row.name, Role(row.role)
    if row.user_id:
        login, name = row.user_login, row.user_name
        role = lower(role, Role(row.user_role))  # a user who may do less now takes his tokens along
    scopes = frozenset(Scope(one) for one in row.scopes.split())
    if scopes:
        role = Role.SUPERVISOR  # within its scopes it may act for any agent; the gate lets it do nothing beyond them
    return Principal(
        org_id=row.org_id, user_id=row.user_id, login=login, name=name, role=role, via="token", scopes=scopes
    )


def _revoke(conn: Connection, org_id: str, token_id: str, now_ms: int) -> str:
    mine = (api_tokens.c.id == token_id) & (api_tokens.c.org_id == org_id)
    row = conn.execute(select(api_tokens.c.token_hash).where(mine)).first()
    if row is None:
        raise NotFound(f"there is no token {token_id}", slug="unknown-token")
    conn.execute(update(api_tokens).where(mine, api_tokens.c.revoked_ms == 0).values(revoked_ms=now_ms))
    return str(row.token_hash)
