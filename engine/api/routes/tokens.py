"""API tokens, for admins."""

from engine.api.access import Admin, GateKeeper, Parts
from engine.api.gate import TOKEN_PREFIX, hash_secret, new_secret
from engine.api.operation import Operation
from engine.api.routes.users import write_audit
from engine.api.schemas.model import Page
from engine.api.schemas.people import NewToken, TokenAnswer, TokenCreated
from engine.errors import InvalidInput
from engine.model.user import lower

TAG = "API tokens"
DAY_MS = 86_400_000


async def list_tokens(parts: Parts, who: Admin) -> Page[TokenAnswer]:
    """List API tokens.

    Without their secrets, which are kept nowhere.
    """
    return Page(items=[TokenAnswer.of(one) for one in await parts.tokens.list(who.org_id)])


async def create_token(body: NewToken, parts: Parts, who: Admin) -> TokenCreated:
    """Create an API token.

    The answer shows the secret, once. With `user_id` the token acts as that user, with at most his role; to serve as an
    agent it needs one. With `scopes` it is a system's: it may do what they say, and nothing else.
    """
    if body.scopes and body.user_id:
        raise InvalidInput("A token with scopes is the organisation's own.", field="user_id")
    if body.user_id:
        user = await parts.users.get(who.org_id, body.user_id)
        if lower(body.role, user.role) is not body.role:
            raise InvalidInput("The token may do no more than its user.", field="role")
    secret, now_ms = TOKEN_PREFIX + new_secret(), parts.clock.now_ms()
    token = await parts.tokens.create(
        who.org_id,
        name=body.name,
        token_hash=hash_secret(secret),
        role=body.role,
        user_id=body.user_id,
        scopes=body.scopes,
        expires_ms=now_ms + body.valid_days * DAY_MS if body.valid_days else 0,
        now_ms=now_ms,
    )
    await write_audit(parts, who, "token.created", token.id, {"name": token.name, "role": token.role.value})
    return TokenCreated(token=TokenAnswer.of(token), secret=secret)


async def revoke_token(token_id: str, parts: Parts, who: Admin, gate: GateKeeper) -> None:
    """Revoke an API token.

    Takes effect here at once, in other processes within seconds; its sockets are closed.
    """
    key = await parts.tokens.revoke(who.org_id, token_id, now_ms=parts.clock.now_ms())
    gate.forget(key)
    parts.floor.stop_login(who.org_id, key, reason="token revoked")
    await write_audit(parts, who, "token.revoked", token_id, {})


OPERATIONS = (
    Operation(method="GET", path="/tokens", handler=list_tokens, tag=TAG),
    Operation(
        method="POST", path="/tokens", handler=create_token, tag=TAG, status=201, errors=("unknown-user",), secret=True
    ),
    Operation(
        method="DELETE",
        path="/tokens/{token_id}",
        handler=revoke_token,
        tag=TAG,
        status=204,
        errors=("unknown-token",),
    ),
)
