"""What every request meets: sizes, times, headers, problems, repeats, health, pages, descriptions."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from engine.api import idempotency
from engine.api.application import create_api
from engine.errors import Unavailable
from engine.model.record import Kept
from tests.integration.api.engine_under_test import Browser, Engine


def client(engine: Engine, **settings: object) -> httpx.AsyncClient:
    """Return a client of the same engine under other settings."""
    parts = replace(engine.parts, settings=replace(engine.parts.settings, **settings))  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=create_api(parts), raise_app_exceptions=False, client=("127.0.0.1", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://engine.test")


async def test_a_body_that_is_too_large_is_refused(engine: Engine) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    async with engine.http() as http:
        for body in (b"x" * 1_100_000, endless()):
            answer = await http.post("/api/v1/login", content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["slug"]) == (413, "too-large")
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_request_that_takes_too_long_is_given_up(engine: Engine) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with client(engine, request_timeout_ms=100) as http:
        answer = await http.post("/api/v1/login", content=stuck(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["slug"]) == (503, "timeout")


async def test_what_is_not_there_is_a_problem_too(engine: Engine) -> None:
    async with engine.http() as http:
        cases = {
            ("GET", "/nowhere"): (404, "not-found"),
            ("GET", "/api/v1/cases/"): (404, "not-found"),
            ("DELETE", "/api/v1/me"): (405, "method-not-allowed"),
            ("GET", "/schemas/nothing.json"): (404, "not-found"),
            ("GET", "/assets/../pyproject.toml"): (404, "not-found"),
            ("GET", "/assets/%2e%2e/%2e%2e/pyproject.toml"): (404, "not-found"),
            ("GET", "/api/v1/me"): (401, "unauthenticated"),
        }
        for (method, path), wanted in cases.items():
            answer = await http.request(method, path)
            assert (answer.status_code, answer.json()["slug"]) == wanted, path
            assert answer.json()["type"] == f"urn:cordboard:problem:{wanted[1]}"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_mistake_of_ours_tells_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password is in the traceback")

    browser = await engine.signed_in("ana")
    monkeypatch.setattr(engine.parts.service.lists, "page", broken)
    answer = await browser.get("/cases")
    assert (answer.status_code, answer.json()["slug"]) == (500, "internal")
    assert "traceback" not in answer.text


async def test_every_answer_carries_the_security_headers(engine: Engine) -> None:
    async with engine.http() as http:
        data = await http.get("/healthz")
        assert data.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert data.headers["cache-control"] == "no-store"
        assert data.headers["referrer-policy"] == "same-origin"
        page = await http.get("/console")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "'unsafe-inline'" not in page.headers["content-security-policy"].split("script-src")[1].split(";")[0]


async def test_a_repeat_with_its_key_gets_the_first_answer(engine: Engine) -> None:
    browser = await engine.signed_in("ana")
    first = await browser.post("/presence", {"status": "break"}, Idempotency_Key="k1")
    second = await browser.post("/presence", {"status": "break"}, Idempotency_Key="k1")
    assert (first.status_code, second.status_code) == (204, 204)
    assert "idempotent-replay" not in first.headers
    assert second.headers["idempotent-replay"] == "true"
    other = await browser.post("/presence", {"status": "available"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["slug"]) == (409, "idempotency-mismatch")

    ben = await engine.signed_in("ben")
    his = await ben.post("/presence", {"status": "available"}, Idempotency_Key="k1")
    assert "idempotent-replay" not in his.headers, "a key belongs to its caller"

    long = await browser.post("/presence", {"status": "break"}, Idempotency_Key="k" * 300)
    assert long.status_code == 400


async def test_a_refused_command_may_be_tried_again_with_its_key(engine: Engine) -> None:
    browser = await engine.signed_in("ana")
    for _ in range(2):
        answer = await browser.post("/presence", {"status": "dancing"}, Idempotency_Key="k2")
        assert (answer.status_code, answer.json()["slug"]) == (400, "unknown-status")
        assert "idempotent-replay" not in answer.headers


async def test_repeats_at_the_same_time_run_once(engine: Engine, org: str) -> None:
    browser = await engine.signed_in("ada")
    body = {"login": "zoe", "name": "Zoe", "role": "agent"}
    made = await asyncio.gather(*(browser.post("/users", body) for _ in range(5)))
    assert sorted(one.status_code for one in made) == [201, 409, 409, 409, 409]
    user = (await browser.get("/users")).json()["items"][-1]
    change = {"name": "Zoe B"}
    keyed = await asyncio.gather(
        *(browser.send("PATCH", f"/users/{user['id']}", change, Idempotency_Key="once") for _ in range(5))
    )
    assert {one.status_code for one in keyed} == {200}
    assert len({one.text for one in keyed}) == 1
    changes = [one for one in (await browser.get("/audit")).json()["items"] if one["action"] == "user.changed"]
    assert len(changes) == 1


async def test_a_key_whose_process_was_killed_is_taken_over(
    engine: Engine, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "ELSEWHERE_S", 0.3)
    browser = await engine.signed_in("ana")
    me = (await browser.get("/me")).json()["user"]["id"]
    body = {"status": "break"}
    await browser.post("/presence", body, Idempotency_Key="first")
    kept: list[str] = []
    begin = engine.parts.idempotency.begin

    async def spy(*args: str, digest: str, **others: Any) -> Kept | None:
        kept.append(digest)
        return await begin(*args, digest=digest, **others)

    monkeypatch.setattr(engine.parts.idempotency, "begin", spy)
    await browser.post("/presence", body, Idempotency_Key="first")
    now_ms = engine.parts.clock.now_ms()
    await begin(org, key="killed", actor=me, digest=kept[0], now_ms=now_ms)  # begun, and never finished
    answer = await browser.post("/presence", body, Idempotency_Key="killed")
    assert answer.status_code == 204
    assert "idempotent-replay" not in answer.headers, "it ran"
    assert (await browser.post("/presence", body, Idempotency_Key="killed")).headers["idempotent-replay"] == "true"


async def test_secrets_are_not_kept_with_their_key(engine: Engine) -> None:
    browser = await engine.signed_in("ada")
    secrets = [
        (await browser.post("/tokens", {"name": "t"}, Idempotency_Key="same")).json()["secret"] for _ in range(2)
    ]
    assert secrets[0] != secrets[1]
    again = Browser(engine.http(**{"Idempotency-Key": "login"}))
    assert (await again.log_in("ana")).status_code == 200, "a key does no harm where it does nothing"


async def test_health_says_which_part_is_away(engine: Engine) -> None:
    async def away() -> None:
        raise Unavailable("postgresql://secret@host is away", slug="store-unavailable")

    async with engine.http() as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        ready = (await http.get("/readyz")).json()
        assert ready["status"] == "ok"
        assert {"store", "board"} <= set(ready["parts"])
    parts = replace(engine.parts, probes={**engine.parts.probes, "store": away})
    transport = httpx.ASGITransport(app=create_api(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine.test") as http:
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["parts"]["store"]["reason"] == "store-unavailable"
        assert "secret" not in answer.text


@pytest.mark.parametrize("token", ["", "a token of sixteen"])
async def test_metrics_want_a_token_wherever_one_asks_from(engine: Engine, token: str) -> None:
    engine = engine.with_settings(metrics_token=token)
    admin = await engine.signed_in("ada")
    made = {role: await admin.post("/tokens", {"name": role, "role": role}) for role in ("admin", "supervisor")}
    secrets = {role: answer.json()["secret"] for role, answer in made.items()}
    async with client(engine) as here, engine.http() as elsewhere:
        for http in (here, elsewhere):

            async def status(authorization: str = "", http: httpx.AsyncClient = http) -> int:
                headers = {"Authorization": authorization} if authorization else {}
                return (await http.get("/metrics", headers=headers)).status_code

            assert await status() == 401
            assert await status(f"Bearer {secrets['admin']}") == 200
            assert await status(f"Bearer {secrets['supervisor']}") == 403
            assert await status("Bearer a token of sixteen") == (200 if token else 401)
            for wrong in ("Bearer", "Bearer ", "Bearer a token", "Basic a token of sixteen"):
                assert await status(wrong) == 401
            assert (await http.get("/healthz")).status_code == (await http.get("/readyz")).status_code == 200


async def test_metrics_are_open_on_this_machine_where_the_settings_say_so(engine: Engine) -> None:
    engine = engine.with_settings(metrics_local=True)
    async with client(engine) as here, engine.http() as elsewhere:
        answer = await here.get("/metrics")
        assert answer.status_code == 200
        assert "cordboard_sockets" in answer.text
        assert (await here.get("/metrics", headers={"X-Forwarded-For": "198.51.100.1"})).status_code == 401
        assert (await elsewhere.get("/metrics")).status_code == 401
    agent = await engine.signed_in("ana")
    assert (await agent.http.get("/metrics")).status_code == 401


async def test_metrics_name_routes_and_never_paths(engine: Engine) -> None:
    admin = await engine.signed_in("ada")
    await admin.get("/tokens")
    text = engine.parts.metrics.text().decode()
    assert 'route="/api/v1/tokens"' in text
    assert 'cordboard_logins_total{outcome="ok"}' in text


async def test_pages_are_served_as_built(engine: Engine, tmp_path: Path) -> None:
    async with engine.http() as http:
        missing = await http.get("/console")
        assert missing.status_code == 503
        assert "not built" in missing.text
    (tmp_path / "web" / "assets").mkdir(parents=True)
    (tmp_path / "web" / "console.html").write_text("<!doctype html><title>Console</title>")
    (tmp_path / "web" / "widget.js").write_text("export {}")
    (tmp_path / "web" / "assets" / "a-1234.js").write_text("1")
    (tmp_path / "outside.txt").write_text("secret")
    async with client(engine, pages=tmp_path / "web") as http:
        page = await http.get("/console")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-cache"
        asset = await http.get("/assets/a-1234.js")
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["content-type"].startswith("text/javascript")
        widget = await http.get("/widget.js")
        assert widget.headers["cross-origin-resource-policy"] == "cross-origin"
        assert (await http.get("/assets/../../outside.txt")).status_code == 404
        assert (await http.get("/", follow_redirects=False)).headers["location"] == "/console"


async def test_a_chat_channel_is_described_to_allowed_pages(engine: Engine, org: str) -> None:
    async with engine.http() as http:
        answer = await http.get(f"/chat/{org}/web", headers={"Origin": "https://shop.example"})
        assert answer.json()["state"] == "unstaffed"
        assert [one["key"] for one in answer.json()["topics"]] == ["order", "bill"]
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert "cookie" not in answer.headers.get("access-control-allow-credentials", "")
        for path, slug in ((f"/chat/{org}/fax", "unknown-channel"), ("/chat/nobody/web", "unknown-organisation")):
            unknown = await http.get(path)
            assert (unknown.status_code, unknown.json()["slug"]) == (404, slug)
        me = await http.get("/api/v1/me", headers={"Origin": "https://shop.example"})
        assert "access-control-allow-origin" not in me.headers
    async with client(engine, public_rate=0.001, public_burst=2) as http:
        answers = [(await http.get(f"/chat/{org}/web")).status_code for _ in range(3)]
        assert answers == [200, 200, 429]


async def test_descriptions_are_published(engine: Engine) -> None:
    async with engine.http() as http:
        document = (await http.get("/openapi.json")).json()
        assert document["openapi"].startswith("3.")
        for name in ("agent", "chat", "call-report", "configuration"):
            schema = await http.get(f"/schemas/{name}.json")
            assert schema.headers["content-type"] == "application/schema+json"
            jsonschema.Draft202012Validator.check_schema(schema.json())


async def test_every_operation_is_described_in_full(engine: Engine) -> None:
    document = engine.api.openapi()
    assert set(document["components"]["securitySchemes"]) == {"session", "csrf", "token"}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            assert operation["summary"], name
            assert operation["description"], name
            assert operation.get("x-role") or operation.get("x-public"), name
            assert "422" not in operation["responses"], name
            good = [status for status in operation["responses"] if status.startswith("2")]
            assert len(good) == 1, name
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")) and path != "/readyz":
                    assert "application/problem+json" in response["content"], name
            if "x-role" in operation:
                assert {"session": []}.items() <= operation["security"][0].items(), name
                assert "401" in operation["responses"], name
