"""The spam guard over HTTP, on both databases: what it holds waits for a supervisor, what it refuses says why."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from engine.channels.form.captcha import CaptchaProvider
from engine.channels.form.guard import Human
from engine.model.form import Captcha, Guarding, Unproven
from tests.integration.api.engine_under_test import Engine
from tests.integration.forms.engine import BOTH, FILLED, QUICK, Page, cases_of, reconfigure, text_of, token_in

FILE = ("note.txt", b"It drips.", "text/plain")


@BOTH
async def test_what_is_held_becomes_a_case_or_goes(engine: Engine, page: Page, org: str) -> None:
    thanks = await page.thanks(await page.send(files=[FILE], website="https://spam.example"))
    assert "Thank you" in thanks
    assert "number" not in thanks
    assert (await page.send(files=[FILE])).status_code == 303, "the same again: still one"
    await page.open()
    assert (await page.send(description="Bcc", subject="bcc: everybody")).status_code == 303
    assert await cases_of(engine, org) == []
    sue = await engine.signed_in("sue", org)
    second, first = (await sue.get("/submissions", state="held")).json()["items"]
    assert (first["reasons"], second["reasons"]) == (["honeypot"], ["headers"])
    assert (first["email"], first["subject"], first["files"][0]["name"]) == (
        "Vera@Example.com",
        "My kettle",
        "note.txt",
    )
    assert (await sue.get("/submissions", before=second["id"])).json()["items"] == [first]
    swept = await engine.application.store.case_parts.named(["0" * 64, blob_of(FILE)])
    assert swept == {blob_of(FILE)}, "files of what is held are not swept away"
    answers = await asyncio.gather(*(sue.post(f"/submissions/{first['id']}/release") for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    (case,) = await cases_of(engine, org)
    assert {(answer.json()["state"], answer.json()["case_id"]) for answer in answers} == {("released", case["id"])}
    (file,) = (await sue.get(f"/cases/{case['id']}/attachments")).json()["items"]
    assert (await sue.get(f"/attachments/{file['id']}")).content == FILE[1]
    late = await sue.send("DELETE", f"/submissions/{first['id']}")
    assert (late.status_code, late.json()["slug"], late.json()["case_id"]) == (409, "already-decided", case["id"])
    gone = (await sue.send("DELETE", f"/submissions/{second['id']}")).json()
    assert (gone["state"], gone["email"], gone["body"], gone["decided_by"] != "") == ("deleted", "", "", True)
    again = await sue.post(f"/submissions/{second['id']}/release")
    assert (again.status_code, again.json()["slug"]) == (409, "already-decided")
    assert (await sue.get("/submissions", state="held")).json()["items"] == []


def blob_of(file: tuple[str, bytes, str]) -> str:
    return sha256(file[1]).hexdigest()


async def test_only_supervisors_of_the_organisation_see_what_is_held(engine: Engine, page: Page, org: str) -> None:
    await page.send(website="x")
    ana = await engine.signed_in("ana", org)
    assert (await ana.get("/submissions")).status_code == 403
    sue = await engine.signed_in("sue", org)
    unknown = await sue.post("/submissions/nothing/release")
    assert (unknown.status_code, unknown.json()["slug"]) == (404, "unknown-submission")


async def test_what_is_refused_says_why_and_may_be_mended(engine: Engine, page: Page, org: str) -> None:
    await reconfigure(engine, org, guard=replace(QUICK, links=Guarding.REFUSE, most_links=0))
    refused = await page.send(description="See https://a.example")
    assert refused.status_code == 422
    assert "it has too many links" in text_of(refused.text)
    assert "See https://a.example" in refused.text
    assert (await page.send()).status_code == 303
    assert len(await cases_of(engine, org)) == 1


async def test_too_much_from_one_address_is_told_to_wait(engine: Engine, page: Page, org: str) -> None:
    await reconfigure(engine, org, guard=replace(QUICK, address_burst=1, address_every_ms=3_600_000))
    assert (await page.send()).status_code == 303
    await page.open()
    waits = await page.send(description="Another")
    assert (waits.status_code, waits.headers["retry-after"] > "3") == (429, True)
    assert "Another" in waits.text
    async with engine.http("198.51.100.9") as http:
        other = Page(http, org)
        await other.open()
        assert (await other.send(description="Another")).status_code == 303


async def test_an_old_page_and_a_forged_one_are_shown_anew(engine: Engine, page: Page, org: str) -> None:
    forged = await page.send(token=page.token[:-1] + ("0" if page.token[-1] != "0" else "1"), work="")
    assert (forged.status_code, "It drips." in forged.text) == (422, True)
    await reconfigure(engine, org, guard=replace(QUICK, most_fill_ms=-1))
    old = await page.send()
    assert (old.status_code, "open for too long" in text_of(old.text)) == (422, True)
    assert await cases_of(engine, org) == []
    await reconfigure(engine, org, guard=QUICK)
    page.token = token_in(old.text)
    assert (await page.send()).status_code == 303


async def test_without_work_it_is_held_where_that_is_wanted(engine: Engine, page: Page, org: str) -> None:
    await reconfigure(engine, org, guard=replace(QUICK, without_work=Unproven.HOLD, most_held=1))
    assert (await page.send(work="")).status_code == 303
    await page.open()
    full = await page.send(work="", description="Another")
    assert (full.status_code, "more than we can look at" in text_of(full.text)) == (422, True)
    assert (await page.send(description="Another")).status_code == 303
    assert len(await cases_of(engine, org)) == 1


@asynccontextmanager
async def provider(reply: bytes, status: str = "200 OK") -> AsyncIterator[tuple[str, list[dict[str, list[str]]]]]:
    """Serve ``siteverify`` on a real port; yields its address and what was asked."""
    asked: list[dict[str, list[str]]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        asked.append(parse_qs((await reader.readexactly(length)).decode()))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(reply)}\r\nConnection: close\r\n\r\n".encode() + reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/siteverify", asked


@pytest.mark.parametrize(
    ("reply", "status", "answer", "human"),
    [
        ({"success": True}, "200 OK", "good", Human.YES),
        ({"success": False, "error-codes": ["invalid-input-response"]}, "200 OK", "bad", Human.NO),
        ({"success": False, "error-codes": ["invalid-input-secret"]}, "200 OK", "good", Human.AWAY),
        ({}, "500 Oops", "good", Human.AWAY),
        ([], "200 OK", "good", Human.AWAY),
        ({"success": True}, "200 OK", "", Human.NONE),
        ({"success": True}, "200 OK", "x" * 9_000, Human.NO),
    ],
)
async def test_a_captchas_provider_is_asked(
    tmp_path: Path, reply: object, status: str, answer: str, human: Human
) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "own").write_text("secret\n")
    captchas = CaptchaProvider(secrets=tmp_path)
    async with provider(json.dumps(reply).encode(), status) as (url, asked):
        captcha = Captcha(verify_url=url, site_key="k", script_url="https://c.example/s", secret="own")
        assert await captchas.check("acme", captcha, answer=answer, address="192.0.2.1") is human
        assert await captchas.check("other", captcha, answer="good", address="") is Human.AWAY, "no secret"
    if human in (Human.YES, Human.AWAY):
        assert asked[0] == {"secret": ["secret"], "response": ["good"], "remoteip": ["192.0.2.1"]}
    if human is Human.YES:
        assert await captchas.check("acme", captcha, answer="good", address="") is Human.AWAY, "nobody is there"


async def test_a_captcha_decides(engine: Engine, page: Page, org: str) -> None:
    async with provider(b'{"success": false}') as (url, _):
        captcha = Captcha(verify_url=url, site_key="k", script_url="https://c.example/s", secret="own")
        await reconfigure(engine, org, guard=replace(QUICK, captcha=captcha))
        shown = await page.open()
        assert "https://c.example" in shown.headers["content-security-policy"]
        assert 'data-sitekey="k"' in shown.text
        assert (await page.send()).status_code == 303, "without scripts there is no answer: held"
        await page.open()
        assert (await page.send({**FILLED, "description": "Other", "h-captcha-response": "x"})).status_code == 303, (
            "no secret: held"
        )
    sue = await engine.signed_in("sue", org)
    held = (await sue.get("/submissions")).json()["items"]
    assert [one["reasons"] for one in held] == [["captcha-away"], ["no-captcha"]]
