"""Who is calling: a session cookie or an API token, looked up in the record at most every few seconds.

Only hashes of secrets are kept, here and in SQL. What is remembered is forgotten at once in this
process when a session is ended or a user changed; other processes learn of it when their few
seconds are over.
"""

import hashlib
import secrets
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from engine.api.ports import Sessions, Tokens
from engine.clock import Clock
from engine.errors import Forbidden, Unauthenticated
from engine.model.record import Session
from engine.model.user import Principal

COOKIE = "cordboard_session"
CSRF_HEADER = "X-CSRF-Token"
TOKEN_PREFIX = "cbt_"  # noqa: S105 - marks API tokens, so that scanners find leaked ones
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_REMEMBERED = 20_000
TOUCH_EVERY_MS = 300_000
LONGEST_SECRET = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The authenticated caller with what he signed in with."""

    principal: Principal
    key: str  # SHA-256 of the cookie or token
    session: Session | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Remembered:
    caller: Caller | None
    until_ms: int


def new_secret() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what is kept of a random secret; no salt is needed at 256 bits of entropy."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Gate:
    """Find out who is calling."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tokens: Tokens,
        clock: Clock,
        cache_ms: int,
        session_ttl_ms: int,
        origins: tuple[str, ...],
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._clock = clock
        self._cache_ms = cache_ms
        self._session_ttl_ms = session_ttl_ms
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._remembered: dict[str, _Remembered] = {}

    async def caller(self, connection: HTTPConnection, *, method: str) -> Caller:
        """Return who sent a request; an unsafe one with a cookie needs the CSRF header and our own origin.

        Raises Unauthenticated, Forbidden (``csrf``, ``origin-refused``), Unavailable.
        """
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer":
                raise Unauthenticated("Send a session cookie or a Bearer token.")
            return await self.by_token(token.strip())
        caller = await self.by_cookie(connection)
        if method not in SAFE_METHODS:
            self.check_origin(connection)
            sent = connection.headers.get(CSRF_HEADER, "")
            assert caller.session is not None
            if not secrets.compare_digest(sent.encode(), caller.session.csrf.encode()):
                raise Forbidden("The CSRF token is missing or wrong.", slug="csrf", mend=f"Send {CSRF_HEADER}.")
        return caller

    async def by_cookie(self, connection: HTTPConnection, *, fresh: bool = False) -> Caller:
        """Return whose session the cookie opens, ``fresh`` from the record; raise Unauthenticated, Unavailable."""
        secret = connection.cookies.get(COOKIE, "")
        caller = await self._look_up("session", secret, fresh=fresh) if 0 < len(secret) <= LONGEST_SECRET else None
        if caller is None:
            raise Unauthenticated("Sign in first.")
        return caller

    async def by_token(self, token: str, *, fresh: bool = False) -> Caller:
        """Return whom an API token speaks for, ``fresh`` from the record; raise Unauthenticated, Unavailable."""
        known = token.startswith(TOKEN_PREFIX) and len(token) <= LONGEST_SECRET
        caller = await self._look_up("token", token, fresh=fresh) if known else None
        if caller is None:
            raise Unauthenticated("The API token is not valid.")
        return caller

    async def still_in(self, caller: Caller) -> bool:
        """Say whether the caller's session or token still holds, with the role it had; raise Unavailable."""
        now = await self._find(caller.principal.via, caller.key)
        return now is not None and now.principal.role is caller.principal.role

    def check_origin(self, connection: HTTPConnection) -> None:
        """Raise Forbidden unless the request comes from our own pages, or from no page at all."""
        origin = connection.headers.get("origin", "").lower().rstrip("/")
        if not origin or origin in self._origins:
            return
        scheme, mark, authority = origin.partition("://")
        host = connection.headers.get("host", "").lower()
        host = host.removesuffix(":80" if scheme == "http" else ":443")
        if not mark or authority != host:
            raise Forbidden("Requests from this origin are refused.", slug="origin-refused")

    def forget(self, key: str) -> None:
        """Forget a session or token that was ended."""
        self._remembered.pop(key, None)

    def forget_user(self, org_id: str, user_id: str) -> None:
        """Forget everything of a user who was changed."""
        gone = [
            key
            for key, one in self._remembered.items()
            if one.caller and (one.caller.principal.org_id, one.caller.principal.user_id) == (org_id, user_id)
        ]
        for key in gone:
            del self._remembered[key]

    async def _look_up(self, via: str, secret: str, *, fresh: bool = False) -> Caller | None:
        key = hash_secret(secret)
        if fresh:
            self.forget(key)
        return await self._find(via, key)

    async def _find(self, via: str, key: str) -> Caller | None:
        now_ms = self._clock.now_ms()
        known = self._remembered.get(key)
        if known is not None and now_ms < known.until_ms <= now_ms + self._cache_ms:
            return known.caller
        caller = await (self._read_session(key, now_ms) if via == "session" else self._read_token(key, now_ms))
        if caller is None:
            self._remembered.pop(key, None)  # strangers' guesses are not worth memory
            return None
        self._remembered[key] = _Remembered(caller=caller, until_ms=now_ms + self._cache_ms)
        if len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        return caller

    async def _read_session(self, key: str, now_ms: int) -> Caller | None:
        session = await self._sessions.get(key, now_ms)
        if session is None or not session.user.active:
            return None
        if now_ms - session.seen_ms > min(TOUCH_EVERY_MS, self._session_ttl_ms // 4):
            await self._sessions.touch(key, expires_ms=now_ms + self._session_ttl_ms, now_ms=now_ms)
        user = session.user
        principal = Principal(
            org_id=user.org_id, user_id=user.id, login=user.login, name=user.name, role=user.role, via="session"
        )
        return Caller(principal=principal, key=key, session=session)

    async def _read_token(self, key: str, now_ms: int) -> Caller | None:
        principal = await self._tokens.get(key, now_ms)
        return Caller(principal=principal, key=key) if principal else None
