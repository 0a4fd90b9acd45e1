"""Who is calling: cookies, tokens, CSRF, origins, and how long an answer is believed."""

from typing import Any

import pytest
from starlette.requests import Request

from engine.api.gate import Gate, hash_secret, new_secret
from engine.errors import Forbidden, Unauthenticated
from engine.model.organisation import Role
from engine.model.record import Session
from engine.model.user import Principal, User

USER = User(id="u1", org_id="acme", login="ana", name="Ana", role=Role.AGENT)
TTL_MS = 43_200_000


class Time:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms


class Shelf:
    """Sessions and tokens by hash, and how often they were asked for."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.asked = 0
        self.touched: list[str] = []

    async def get(self, token_hash: str, now_ms: int) -> Any:
        self.asked += 1
        return self.kept.get(token_hash)

    async def touch(self, token_hash: str, *, expires_ms: int, now_ms: int) -> None:
        self.touched.append(token_hash)


class Door:
    """A gate with its shelves and a signed-in user."""

    def __init__(self, origins: tuple[str, ...] = ()) -> None:
        self.clock, self.sessions, self.tokens = Time(), Shelf(), Shelf()
        self.secret, self.token = new_secret(), f"cbt_{new_secret()}"
        now = self.clock.ms
        self.sessions.kept[hash_secret(self.secret)] = Session(
            user=USER, csrf="right", created_ms=now, seen_ms=now, expires_ms=now + TTL_MS
        )
        self.tokens.kept[hash_secret(self.token)] = Principal(
            org_id="acme", user_id="u1", login="ana", name="Ana", role=Role.AGENT, via="token"
        )
        self.gate = Gate(
            sessions=self.sessions,  # type: ignore[arg-type] # only what the gate asks for
            tokens=self.tokens,  # type: ignore[arg-type] # as above
            clock=self.clock,
            cache_ms=5_000,
            session_ttl_ms=TTL_MS,
            origins=origins,
        )

    def request(self, **headers: str) -> Request:
        named = {"host": "desk.example", **{key.replace("_", "-"): value for key, value in headers.items()}}
        return Request({"type": "http", "headers": [(k.lower().encode(), v.encode()) for k, v in named.items()]})

    def with_cookie(self, **headers: str) -> Request:
        return self.request(cookie=f"cordboard_session={self.secret}", **headers)


async def test_a_session_is_asked_for_once_in_a_few_seconds() -> None:
    door = Door()
    for _ in range(10):
        caller = await door.gate.caller(door.with_cookie(), method="GET")
        assert caller.principal.user_id == "u1"
    assert door.sessions.asked == 1
    door.clock.ms += 5_001
    await door.gate.caller(door.with_cookie(), method="GET")
    assert door.sessions.asked == 2


async def test_a_forgotten_session_is_asked_for_at_once() -> None:
    door = Door()
    caller = await door.gate.caller(door.with_cookie(), method="GET")
    door.sessions.kept.clear()
    assert await door.gate.still_in(caller), "for a few seconds it is believed"
    door.gate.forget(caller.key)
    assert not await door.gate.still_in(caller)
    with pytest.raises(Unauthenticated):
        await door.gate.caller(door.with_cookie(), method="GET")


async def test_a_changed_user_is_forgotten_by_all_sessions_and_tokens() -> None:
    door = Door()
    await door.gate.caller(door.with_cookie(), method="GET")
    await door.gate.by_token(door.token)
    door.gate.forget_user("acme", "somebody else")
    await door.gate.by_token(door.token)
    assert door.tokens.asked == 1
    door.gate.forget_user("acme", "u1")
    door.sessions.kept.clear()
    door.tokens.kept.clear()
    for call in (door.gate.caller(door.with_cookie(), method="GET"), door.gate.by_token(door.token)):
        with pytest.raises(Unauthenticated):
            await call


async def test_guesses_are_not_remembered() -> None:
    door = Door()
    for number in range(50):
        with pytest.raises(Unauthenticated):
            await door.gate.by_token(f"cbt_{number}")
    assert len(door.gate._remembered) == 0


@pytest.mark.parametrize("sent", [{}, {"x_csrf_token": "wrong"}, {"x_csrf_token": "ünlike"}])
async def test_unsafe_requests_with_a_cookie_need_the_csrf_token(sent: dict[str, str]) -> None:
    door = Door()
    with pytest.raises(Forbidden) as refused:
        await door.gate.caller(door.with_cookie(**sent), method="POST")
    assert refused.value.slug == "csrf"
    caller = await door.gate.caller(door.with_cookie(x_csrf_token="right"), method="POST")
    assert caller.principal.login == "ana"


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("", "desk.example", True),
        ("https://desk.example", "desk.example", True),
        ("https://DESK.example", "desk.example:443", True),
        ("http://desk.example:8400", "desk.example:8400", True),
        ("https://chat.example", "desk.example", True),  # configured
        ("http://chat.example", "desk.example", False),
        ("https://desk.example.evil.example", "desk.example", False),
        ("https://evil.example", "desk.example", False),
        ("null", "desk.example", False),
        ("desk.example", "desk.example", False),
    ],
)
async def test_only_our_own_pages_may_send_unsafe_requests(origin: str, host: str, allowed: bool) -> None:
    door = Door(origins=("https://chat.example",))
    headers = {"host": host, "x_csrf_token": "right", **({"origin": origin} if origin else {})}
    request = door.with_cookie(**headers)
    if allowed:
        await door.gate.caller(request, method="DELETE")
    else:
        with pytest.raises(Forbidden) as refused:
            await door.gate.caller(request, method="DELETE")
        assert refused.value.slug == "origin-refused"


async def test_a_session_in_use_is_touched_now_and_then() -> None:
    door = Door()
    await door.gate.caller(door.with_cookie(), method="GET")
    assert door.sessions.touched == []
    door.clock.ms += 300_001
    await door.gate.caller(door.with_cookie(), method="GET")
    assert door.sessions.touched == [hash_secret(door.secret)]


async def test_secrets_are_long_and_never_alike() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert min(len(one) for one in secrets) >= 43
