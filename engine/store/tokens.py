"""API tokens; only the hash of the secret is kept."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from engine.errors import NotFound
from engine.model.organisation import Role
from engine.model.record import ApiToken
from engine.model.user import Principal, lower
from engine.store.access import Access
from engine.store.rows import token_of
from engine.store.tables import api_tokens, users

TokenList = list[ApiToken]


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
    ) -> ApiToken:
        """Create a token; ``expires_ms`` 0 = never."""
        token = ApiToken(
            id=self._access.new_id(),
            org_id=org_id,
            name=name,
            role=role,
            user_id=user_id,
            created_ms=now_ms,
            expires_ms=expires_ms,
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
        }
        await self._access.execute(org_id, api_tokens.insert(), row)
        return token

    async def get(self, token_hash: str, now_ms: int) -> Principal | None:
        """Return who a valid token speaks for; a token of a user who is not active is not valid."""
        return await self._access.read(lambda conn: _principal(conn, token_hash, now_ms))

    async def list(self, org_id: str) -> TokenList:
        """Return all tokens, newest first, revoked ones too."""
        query = select(api_tokens).where(api_tokens.c.org_id == org_id).order_by(api_tokens.c.id.desc())
        return await self._access.read(lambda conn: [token_of(row) for row in conn.execute(query)])

    async def revoke(self, org_id: str, token_id: str, *, now_ms: int) -> None:
        """Make a token invalid. Idempotent; raises NotFound."""
        await self._access.write(org_id, lambda conn: _revoke(conn, org_id, token_id, now_ms))


def _principal(conn: Connection, token_hash: str, now_ms: int) -> Principal | None:
    row = conn.execute(
        select(api_tokens).where(api_tokens.c.token_hash == token_hash, api_tokens.c.revoked_ms == 0)
    ).first()
    if row is None or (row.expires_ms and row.expires_ms <= now_ms):
        return None
    login, name, role = f"token:{row.name}", row.name, Role(row.role)
    if row.user_id:
        user = conn.execute(select(users).where(users.c.id == row.user_id, users.c.org_id == row.org_id)).first()
        if user is None or not user.active:
            return None
        login, name = user.login, user.name
        role = lower(role, Role(user.role))  # a user who may do less now takes his tokens along
    return Principal(org_id=row.org_id, user_id=row.user_id, login=login, name=name, role=role, via="token")


def _revoke(conn: Connection, org_id: str, token_id: str, now_ms: int) -> None:
    mine = (api_tokens.c.id == token_id) & (api_tokens.c.org_id == org_id)
    if conn.execute(select(api_tokens.c.id).where(mine)).first() is None:
        raise NotFound(f"there is no token {token_id}", slug="unknown-token")
    conn.execute(update(api_tokens).where(mine, api_tokens.c.revoked_ms == 0).values(revoked_ms=now_ms))
