"""What costs much is done at a pace: by user, whatever his sessions, and kind by kind."""

from engine.api.pace import PACES, Allowed, Pace
from engine.api.routes.table import OPERATIONS
from tests.integration.api.engine_under_test import Browser, Engine

SLOW = {pace: Allowed(burst=2, rate=0.001) for pace in Pace}


async def statuses(browser: Browser, path: str, times: int) -> list[int]:
    return [(await browser.get(path, **({"q": "x"} if path == "/search" else {}))).status_code for _ in range(times)]


async def test_a_user_searches_at_a_pace(engine: Engine) -> None:
    slow = engine.with_settings(paces=SLOW)
    ana, again, ben = (await slow.signed_in("ana"), await slow.signed_in("ana"), await slow.signed_in("ben"))
    assert await statuses(ana, "/search", 2) == [200, 200]
    refused = await again.get("/search", q="x")
    assert (refused.status_code, refused.json()["slug"]) == (429, "too-fast")
    assert int(refused.headers["Retry-After"]) > 0
    assert await statuses(ben, "/search", 1) == [200], "another user has his own"
    assert await statuses(ana, "/views/counts", 3) == [200, 200, 429], "another kind has its own"
    assert await statuses(ana, "/cases", 3) == [200, 200, 429]
    assert await statuses(ana, "/contacts", 1) == await statuses(ana, "/accounts", 1) == [429], "pages of any list"
    assert await statuses(ana, "/views", 3) == [200] * 3


async def test_a_token_without_a_user_has_a_pace_of_its_own(engine: Engine) -> None:
    slow = engine.with_settings(paces=SLOW)
    ada = await slow.signed_in("ada")
    tokens = []
    for name in ("one", "two"):
        made = (await ada.post("/tokens", {"name": name})).json()
        tokens.append(Browser(slow.http(Authorization=f"Bearer {made['secret']}")))
    assert await statuses(tokens[0], "/search", 3) == [200, 200, 429]
    assert await statuses(tokens[1], "/search", 1) == [200]


async def test_nobody_who_is_not_let_in_uses_anything_up(engine: Engine) -> None:
    stranger = Browser(engine.with_settings(paces=SLOW).http())
    assert await statuses(stranger, "/search", 3) == [401] * 3


def test_each_kind_has_a_pace_and_something_that_keeps_it() -> None:
    assert set(PACES) == set(Pace) == {one.pace for one in OPERATIONS if one.pace}
