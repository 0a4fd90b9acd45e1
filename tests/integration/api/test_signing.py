"""Logging in and out: sessions, lock-out, CSRF, origins, tokens."""

import asyncio

import pytest

from engine.clock import SystemClock
from engine.passwords import hash_password
from tests.integration.api.engine_under_test import PASSWORD, Browser, Engine


class Ahead(SystemClock):
    """A clock that can be put forward."""

    ahead_ms = 0

    def now_ms(self) -> int:
        """Return the machine's time and what it was put forward by."""
        return super().now_ms() + self.ahead_ms


async def test_a_login_opens_a_session_and_a_logout_ends_it(engine: Engine, org: str) -> None:
    browser = Browser(engine.http())
    answer = await browser.log_in("ana")
    assert answer.status_code == 200
    assert answer.json()["organisation"]["id"] == org
    assert answer.json()["user"]["role"] == "agent"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # plain http, and not configured

    me = await browser.get("/me")
    assert me.json()["csrf"] == browser.csrf
    secret = browser.http.cookies["cordboard_session"]
    assert (await browser.post("/logout")).status_code == 204
    browser.http.cookies.set("cordboard_session", secret)
    refused = await browser.get("/me")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["slug"] == "unauthenticated"


async def test_the_cookie_is_secure_behind_https(engine: Engine) -> None:
    browser = Browser(engine.http())
    browser.http.base_url = "https://engine.test"
    answer = await browser.http.post("/api/v1/login", json={"login": "ana", "password": PASSWORD})
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_nothing_tells_a_wrong_login_from_a_wrong_password(engine: Engine, org: str) -> None:
    answers = [
        await Browser(engine.http()).log_in("ana", "wrong"),
        await Browser(engine.http()).log_in("nobody", "wrong"),
        await Browser(engine.http()).log_in("ana", PASSWORD, organisation="no-such"),
    ]
    assert {one.status_code for one in answers} == {401}
    assert len({one.text for one in answers}) == 1
    assert answers[0].json()["slug"] == "login-failed"


ELSEWHERE = "198.51.100.{}"


async def test_wrong_passwords_lock_the_account_for_the_address_they_come_from(engine: Engine, org: str) -> None:
    for _ in range(engine.parts.settings.login_attempts):
        assert (await Browser(engine.http()).log_in("ana", "wrong")).status_code == 401
    assert (await Browser(engine.http()).log_in("ana")).status_code == 401, "locked, though the password is right"
    assert (await Browser(engine.http()).log_in("ben")).status_code == 200, "others are not"
    assert (await Browser(engine.http(ELSEWHERE.format(1))).log_in("ana")).status_code == 200, "nor is she elsewhere"


async def test_an_address_may_try_again_after_a_while(engine: Engine) -> None:
    clock = Ahead()
    engine = engine.at(clock, login_lock_ms=600_000, login_attempts=2)
    for _ in range(2):
        await Browser(engine.http()).log_in("ana", "wrong")
    browser = Browser(engine.http())
    assert (await browser.log_in("ana")).status_code == 401
    clock.ahead_ms = 600_001
    assert (await browser.log_in("ana")).status_code == 200


async def guess_from_everywhere(engine: Engine) -> None:
    for number in range(engine.parts.settings.login_attempts_anywhere):
        answer = await Browser(engine.http(ELSEWHERE.format(100 + number))).log_in("ana", "wrong")
        assert answer.status_code == 401


async def test_guesses_from_everywhere_lock_unknown_browsers_only(engine: Engine, org: str) -> None:
    engine = engine.with_settings(login_attempts_anywhere=12)
    mine = await engine.signed_in("ana")
    await mine.post("/logout")
    await guess_from_everywhere(engine)
    stranger = Browser(engine.http(ELSEWHERE.format(1)))
    assert (await stranger.log_in("ana")).status_code == 401, "locked, though the password is right"
    account = await engine.application.store.users.by_login(org, "ana")
    assert account is not None
    assert 0 < account.locked_until_ms - SystemClock().now_ms() <= engine.parts.settings.login_lock_anywhere_ms
    mine.http._transport = engine.http(ELSEWHERE.format(2))._transport  # on the train
    assert (await mine.log_in("ana")).status_code == 200
    assert (await stranger.log_in("ana")).status_code == 401, "which unlocks it for nobody else"
    await engine.application.store.users.record_success(org, account.user.id)  # `cordboard user unlock`
    assert (await stranger.log_in("ana")).status_code == 200


async def test_a_known_browser_may_not_guess_on_and_on(engine: Engine, org: str) -> None:
    mine = await engine.signed_in("ana")
    for _ in range(engine.parts.settings.login_attempts):
        assert (await mine.log_in("ana", "wrong")).status_code == 401
    assert (await mine.log_in("ana")).status_code == 401
    account = await engine.application.store.users.by_login(org, "ana")
    assert account is not None
    assert account.failed_count == 0, "nor does it lock others out"


async def test_a_browser_is_known_by_one_user_and_one_password(engine: Engine, org: str) -> None:
    engine = engine.with_settings(login_attempts_anywhere=12)
    mine, bens = await engine.signed_in("ana"), await engine.signed_in("ben")
    (cookie,) = [one for one in mine.http.cookies.jar if one.name.startswith("cordboard_device_")]
    assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == ("/api/v1/login", True)
    forged = Browser(engine.http())
    for one in bens.http.cookies.jar:
        if one.name.startswith("cordboard_device_"):
            forged.http.cookies.set(cookie.name, str(one.value), path=cookie.path)
    await guess_from_everywhere(engine)
    assert (await forged.log_in("ana")).status_code == 401
    assert (await mine.log_in("ana")).status_code == 200
    ana = await engine.application.store.users.by_login(org, "ana")
    assert ana is not None
    await engine.application.store.users.set_password(org, ana.user.id, hash_password("another good one"))
    await guess_from_everywhere(engine)
    assert (await mine.log_in("ana", "another good one")).status_code == 401, "the old password's cookie says nothing"


async def test_guesses_sent_at_once_lock_the_account_too(engine: Engine) -> None:
    guesses = [Browser(engine.http()).log_in("ana", "wrong") for _ in range(12)]
    answers = await asyncio.gather(*guesses, Browser(engine.http()).log_in("ana"))
    assert {one.status_code for one in answers} == {401}, "locked before the right one had its turn"


async def test_a_success_forgets_the_failures(engine: Engine) -> None:
    for _ in range(3):
        for _ in range(engine.parts.settings.login_attempts - 1):
            await Browser(engine.http()).log_in("ana", "wrong")
        assert (await Browser(engine.http()).log_in("ana")).status_code == 200


async def test_an_address_that_guesses_is_slowed_down(engine: Engine) -> None:
    answers = [await Browser(engine.http()).log_in("guess", "wrong")]
    while answers[-1].status_code != 429 and len(answers) < 5 * engine.parts.settings.login_burst:
        answers.append(await Browser(engine.http()).log_in(f"guess-{len(answers)}", "wrong"))
    assert len(answers) > engine.parts.settings.login_burst
    assert answers[-1].status_code == 429
    assert answers[-1].json()["slug"] == "too-fast"
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_few_passwords_are_checked_at_once(engine: Engine) -> None:
    browsers = [Browser(engine.http()) for _ in range(8)]
    answers = await asyncio.gather(*(one.log_in("ana") for one in browsers))
    assert {one.status_code for one in answers} == {200}
    assert len({one.http.cookies["cordboard_session"] for one in browsers}) == 8


@pytest.mark.parametrize("sent", ["", "wrong"])
async def test_a_cookie_without_the_csrf_token_changes_nothing(engine: Engine, sent: str) -> None:
    browser = await engine.signed_in("ana")
    answer = await browser.post("/presence", {"status": "available"}, X_CSRF_Token=sent)
    assert answer.status_code == 403
    assert answer.json()["slug"] == "csrf"


async def test_foreign_pages_are_refused(engine: Engine) -> None:
    browser = await engine.signed_in("ana")
    answer = await browser.post("/presence", {"status": "available"}, Origin="https://evil.example")
    assert (answer.status_code, answer.json()["slug"]) == (403, "origin-refused")
    login = await engine.http().post(
        "/api/v1/login", json={"login": "ana", "password": PASSWORD}, headers={"Origin": "https://evil.example"}
    )
    assert (login.status_code, login.json()["slug"]) == (403, "origin-refused")


async def test_no_text_holds_a_nul(engine: Engine) -> None:
    answer = await engine.http().post("/api/v1/login", json={"login": "an\0a", "password": PASSWORD})
    assert (answer.status_code, answer.json()["slug"]) == (400, "invalid-input")


async def test_a_form_of_another_page_is_no_json(engine: Engine) -> None:
    answer = await engine.http().post(
        "/api/v1/login",
        content=b'{"login": "ana", "password": "correct horse battery"}',
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == 400


async def test_a_password_is_changed_and_ends_other_sessions(engine: Engine) -> None:
    here, there = await engine.signed_in("ana"), await engine.signed_in("ana")
    wrong = await here.post("/me/password", {"current": "nope", "password": "another good one"})
    assert (wrong.status_code, wrong.json()["slug"]) == (401, "login-failed")
    weak = await here.post("/me/password", {"current": PASSWORD, "password": "short"})
    assert (weak.status_code, weak.json()["slug"]) == (400, "weak-password")
    changed = await here.post("/me/password", {"current": PASSWORD, "password": "another good one"})
    assert changed.status_code == 200
    here.csrf = changed.json()["csrf"]
    assert (await here.get("/me")).status_code == 200
    assert (await there.get("/me")).status_code == 401
    assert (await Browser(engine.http()).log_in("ana", "another good one")).status_code == 200


async def test_a_user_who_is_switched_off_is_out(engine: Engine) -> None:
    admin, agent = await engine.signed_in("ada"), await engine.signed_in("ana")
    users = (await admin.get("/users")).json()["items"]
    ana = next(one for one in users if one["login"] == "ana")
    assert (await admin.send("PATCH", f"/users/{ana['id']}", {"active": False})).status_code == 200
    assert (await agent.get("/me")).status_code == 401
    assert (await Browser(engine.http()).log_in("ana")).status_code == 401


async def test_a_token_speaks_for_its_user_until_it_is_revoked(engine: Engine) -> None:
    admin = await engine.signed_in("ada")
    users = {one["login"]: one["id"] for one in (await admin.get("/users")).json()["items"]}
    too_much = await admin.post("/tokens", {"name": "bot", "role": "admin", "user_id": users["ana"]})
    assert too_much.status_code == 400
    made = (await admin.post("/tokens", {"name": "bot", "role": "agent", "user_id": users["ana"]})).json()
    async with engine.http(Authorization=f"Bearer {made['secret']}") as bot:
        me = (await bot.get("/api/v1/me")).json()
        assert (me["user"]["id"], me["via"], me["csrf"]) == (users["ana"], "token", "")
        unsafe = await bot.post("/api/v1/presence", json={"status": "break"})
        assert unsafe.status_code == 204, "no CSRF token is needed with an API token"
        assert (await bot.get("/api/v1/users")).status_code == 403
        assert (await admin.send("DELETE", f"/tokens/{made['token']['id']}")).status_code == 204
        assert (await bot.get("/api/v1/me")).status_code == 401
    listed = (await admin.get("/tokens")).json()["items"]
    assert made["secret"] not in str(listed)
    actions = [one["action"] for one in (await admin.get("/audit")).json()["items"]]
    assert actions == ["token.revoked", "token.created"]


async def test_a_wrong_token_is_not_made_good_by_a_cookie(engine: Engine) -> None:
    browser = await engine.signed_in("ana")
    for header in ("Bearer cbt_nonsense", "Basic YW5hOmE=", "Bearer "):
        answer = await browser.http.get("/api/v1/me", headers={"Authorization": header})
        assert answer.status_code == 401


async def test_the_last_admin_stays(engine: Engine) -> None:
    admin = await engine.signed_in("ada")
    users = {one["login"]: one["id"] for one in (await admin.get("/users")).json()["items"]}
    answer = await admin.send("PATCH", f"/users/{users['ada']}", {"role": "agent"})
    assert (answer.status_code, answer.json()["slug"]) == (409, "last-admin")
    assert (await admin.get("/users")).status_code == 200, "and nothing was changed"
