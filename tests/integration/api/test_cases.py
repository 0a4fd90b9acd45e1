"""Cases over HTTP: opened by hand, changed by the configured machine, their history, parts, files and viewers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from engine.cases.attachments import MOST_BYTES
from engine.model.case_setup import (
    CaseStatus,
    CaseStatusKind,
    CaseType,
    CustomField,
    CustomFieldType,
    FieldOf,
    Required,
)
from engine.store.cases.writes import take_case
from tests.integration.api.engine_under_test import ORIGIN, Browser, Engine, running_engine, staffed_organisation
from tests.servers import eventually

Json = dict[str, Any]

STATUSES = [
    CaseStatus(key="fresh", name="Fresh", kind=CaseStatusKind.NEW, to=("busy", "done")),
    CaseStatus(key="busy", name="Busy", kind=CaseStatusKind.OPEN, to=("done",)),
    CaseStatus(key="done", name="Done", kind=CaseStatusKind.RESOLVED, to=("busy",)),
]
CAUSE = CustomField(
    key="cause", name="Cause", type=CustomFieldType.CHOICE, choices={"us": "Us"}, required=Required.CLOSING
)


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    organisation = staffed_organisation(
        org,
        case_statuses={one.key: one for one in STATUSES},
        case_types={"complaint": CaseType(key="complaint", name="Complaint")},
        fields={FieldOf.CASE: {"cause": CAUSE}},
    )
    async with running_engine(tmp_path / "data", valkey_address, [organisation]) as running:
        yield running


async def opened(desk: Engine, browser: Browser, **fields: object) -> Json:
    """Open a case by hand; return it once its clerk has seen to it."""
    answer = await browser.post("/cases", {"subject": "He called", **fields})
    assert answer.status_code == 201, answer.text
    (org_id,) = [one.id for one in desk.application.book.all()]

    async def is_seen_to() -> bool:
        return not await desk.application.store.cases.attention(org_id, now_ms=2**60, limit=9)

    await eventually(is_seen_to)
    case: Json = (await browser.get(f"/cases/{answer.json()['id']}")).json()["case"]
    return case


async def patched(browser: Browser, case: Json, **fields: object) -> httpx.Response:
    return await browser.send("PATCH", f"/cases/{case['id']}", {"version": case["version"], **fields})


async def test_a_case_is_opened_by_hand_and_changed(desk: Engine, org: str) -> None:
    ana = await desk.signed_in("ana")
    case = await opened(desk, ana, client_id="1", type="complaint", tags=["vip"])
    assert await opened(desk, ana, client_id="1") == case
    assert (case["status"], case["origin"], case["type"], case["tags"]) == ("fresh", "manual", "complaint", ["vip"])
    missing = await patched(ana, case, status="done")
    assert (missing.status_code, missing.json()["field"]) == (400, "fields.cause")
    done = (await patched(ana, case, status="done", fields={"cause": "us"}, why="sent a new one")).json()
    assert (done["status"], done["fields"], done["closed_at"] is not None) == ("done", {"cause": "us"}, True)
    stale = await patched(ana, case, subject="Typed at length")
    assert (stale.status_code, stale.json()["slug"], stale.json()["case"]) == (409, "stale-version", done)
    illegal = await patched(ana, done, status="fresh")
    assert (illegal.status_code, illegal.json()["slug"]) == (409, "illegal-status")
    again = (await patched(ana, done, status="busy")).json()
    assert (again["reopened"], again["closed_at"]) == (1, None)
    lines = (await ana.get(f"/cases/{case['id']}/history")).json()["items"]
    told = [
        (one["kind"], one["actor_name"], one["data"].get("to"), one["data"].get("why"))
        for one in lines
        if one["actor_name"]
    ]
    assert told == [
        ("opened", "Ana", None, None),
        ("status", "Ana", "done", "sent a new one"),
        ("fields", "Ana", "us", "sent a new one"),
        ("status", "Ana", "busy", None),
    ]
    page = (await ana.get(f"/cases/{case['id']}/history", after_number="1", limit="1")).json()["items"]
    assert page == lines[1:2]


async def test_cases_are_found_by_what_their_status_means(desk: Engine, org: str) -> None:
    ana = await desk.signed_in("ana")
    parent = await opened(desk, ana)
    part = await opened(desk, ana, parent_id=parent["id"])
    await patched(ana, part, status="busy")

    async def numbers(**query: str) -> list[int]:
        return [one["number"] for one in (await ana.get("/cases", **query)).json()["items"]]

    assert await numbers(kind="new") == [parent["number"]]
    assert await numbers(kind="open") == [part["number"]]
    assert await numbers(kind="waiting") == []
    assert await numbers(status="busy") == [part["number"]]
    assert await numbers(parent_id=parent["id"]) == [part["number"]]
    circle = await patched(ana, parent, parent_id=part["id"])
    assert (circle.status_code, circle.json()["slug"]) == (409, "case-circle")


async def test_of_many_writers_with_one_version_one_wins(desk: Engine, org: str) -> None:
    ana = await desk.signed_in("ana")
    case = await opened(desk, ana)
    answers = await asyncio.gather(*(patched(ana, case, priority=n) for n in range(1, 9)))
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(lost) == 7
    assert all(one["case"] == won for one in lost)


async def test_the_clerk_opens_a_case_whose_work_is_taken(desk: Engine, org: str) -> None:
    ana = await desk.signed_in("ana")
    case = await opened(desk, ana)
    store = desk.application.store
    user_id = (await ana.get("/me")).json()["user"]["id"]

    def accept(conn: Connection) -> None:
        take_case(conn, org, case["id"], agent_id=user_id, new_id=store._access.new_id, now_ms=1)

    await store._access.write(org, accept)

    async def is_busy() -> bool:
        now = (await ana.get(f"/cases/{case['id']}")).json()["case"]
        return (now["status"], now["owner_id"]) == ("busy", user_id)

    await eventually(is_busy)
    assert await store.cases.attention(org, now_ms=2**60, limit=9) == []


async def test_comments_followers_and_links(desk: Engine, org: str) -> None:
    ana = await desk.signed_in("ana")
    one, two = await opened(desk, ana), await opened(desk, ana, subject="Another")
    comment = await ana.post(f"/cases/{one['id']}/comments", {"client_id": "1", "body": "Dear you", "public": True})
    assert comment.json()["data"] == {"body": "Dear you", "public": True}
    me = (await ana.get("/me")).json()["user"]["id"]
    assert (await ana.send("PUT", f"/cases/{one['id']}/followers/{me}")).status_code == 204
    (follower,) = (await ana.get(f"/cases/{one['id']}/followers")).json()["items"]
    assert (follower["user_id"], follower["user_name"]) == (me, "Ana")
    assert (await ana.send("DELETE", f"/cases/{one['id']}/followers/{me}")).status_code == 204
    link = f"/cases/{one['id']}/links/case/{two['id']}"
    assert (await ana.send("PUT", link)).status_code == 204
    (linked,) = (await ana.get(f"/cases/{two['id']}/links")).json()["items"]
    assert (linked["kind"], linked["target_id"], linked["name"]) == ("case", one["id"], "He called")
    assert (await ana.send("DELETE", link)).status_code == 204
    assert (await ana.get(f"/cases/{one['id']}/links")).json()["items"] == []


async def test_who_else_looks_and_types(desk: Engine, org: str) -> None:
    ana, ben = await desk.signed_in("ana"), await desk.signed_in("ben")
    viewers = f"/cases/{(await opened(desk, ana))['id']}/viewers"
    assert (await ana.send("PUT", viewers, {"typing": True})).json()["viewers"] == []
    (seen,) = (await ben.send("PUT", viewers, {})).json()["viewers"]
    assert (seen["user_name"], seen["typing"]) == ("Ana", True)
    (seen,) = (await ana.send("PUT", viewers, {})).json()["viewers"]
    assert (seen["user_name"], seen["typing"]) == ("Ben", False)
    assert (await ben.send("DELETE", viewers)).status_code == 204
    heard = (await ana.send("PUT", viewers, {})).json()
    assert heard["viewers"] == []
    await ben.post(viewers.replace("viewers", "comments"), {"body": "He called.", "client_id": "one"})
    assert (await ana.send("PUT", viewers, {})).json()["lines"] > heard["lines"]


async def upload(browser: Browser, case_id: str, content: bytes, media_type: str, name: str) -> httpx.Response:
    headers = {"Content-Type": media_type, "Origin": ORIGIN, "X-CSRF-Token": browser.csrf}
    query = {"case_id": case_id, "name": name}
    return await browser.http.post("/api/v1/attachments", params=query, content=content, headers=headers)


async def test_files_come_and_go_unharmed(desk: Engine, org: str) -> None:
    ana = await desk.signed_in("ana")
    case = await opened(desk, ana)
    content = bytes(range(256)) * 8_000  # beyond what other bodies may have
    evil = await upload(ana, case["id"], content, "text/html; charset=utf-8", '../a"\u6295\u8bc9;.html')
    assert evil.status_code == 201, evil.text
    file = evil.json()
    assert (file["name"], file["media_type"], file["size"]) == (
        'a"\u6295\u8bc9;.html',
        "application/octet-stream",
        len(content),
    )
    assert (await upload(ana, case["id"], content, "text/html", '../a"\u6295\u8bc9;.html')).json()["id"] == file["id"]
    got = await ana.get(f"/attachments/{file['id']}")
    assert got.content == content
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''a%22%E6%8A%95%E8%AF%89%3B.html"
    assert "sandbox" in got.headers["content-security-policy"]
    assert (await ana.get(f"/cases/{case['id']}/attachments")).json()["items"] == [file]
    too_large = await upload(ana, case["id"], bytes(MOST_BYTES + 1), "image/png", "b.png")
    assert (too_large.status_code, too_large.json()["slug"]) == (413, "too-large")
    nowhere = await upload(ana, "no-such-case", b"x", "image/png", "b.png")
    assert (nowhere.status_code, nowhere.json()["slug"]) == (404, "unknown-case")
    assert (await ana.send("DELETE", f"/attachments/{file['id']}")).status_code == 204
    assert (await ana.get(f"/attachments/{file['id']}")).status_code == 404
