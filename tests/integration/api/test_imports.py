"""Files taken in through the API: rows by their keys, what fails is told row by row, pieces go on where they ended."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api.engine_under_test import ORIGIN, Browser, Engine, running_engine, staffed_organisation
from tests.servers import eventually

CONTACTS = """name;E-Mail;phone;Time Zone;external_id
Ana Alt;ana@kettle.example;+49 30 1234567;Europe/Berlin;7
Bo Blum;bo@kettle.example;12;;8
;nobody@kettle.example;;;9
"Chen, Li";chen@kettle.example;;Mars/Base;10
Dee;ana@kettle.example;;;11
"""


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    async with running_engine(tmp_path / "data", valkey_address, [staffed_organisation(org)]) as engine:
        yield engine


async def sent(
    browser: Browser, body: str | bytes | AsyncIterator[bytes], *, method: str = "POST", to: str = "", **query: Any
) -> Any:
    headers = {"Origin": ORIGIN, "X-CSRF-Token": browser.csrf}
    content = body.encode() if isinstance(body, str) else body
    return await browser.http.request(
        method, f"/api/v1/imports{to}", content=content, params={"noun": "contact", **query}, headers=headers
    )


async def ended(browser: Browser, import_id: str) -> dict[str, Any]:
    async def over() -> dict[str, Any]:
        told: dict[str, Any] = (await browser.get(f"/imports/{import_id}")).json()
        assert told["ended_at"], told
        return told

    return await eventually(over, within_s=30)


def outcomes(told: dict[str, Any]) -> tuple[int, ...]:
    assert told["state"] == "done", told
    return tuple(told[name] for name in ("total", "created", "updated", "unchanged", "skipped", "failed"))


async def test_contacts_come_in_and_their_failures_are_told(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    asked = await sent(sue, CONTACTS, source="crm", map="E-Mail=email")
    assert asked.status_code == 202, asked.text
    told = await ended(sue, asked.json()["id"])
    assert outcomes(told) == (5, 1, 1, 0, 0, 3)
    failed = (await sue.get(f"/imports/{told['id']}/failures")).json()["items"]
    assert [(one["number"], one["field"]) for one in failed] == [(2, "phone"), (3, "name"), (4, "time_zone")]
    assert failed[0]["row"]["E-Mail"] == "bo@kettle.example"
    found = (await sue.get("/contacts", text="kettle")).json()["items"]
    assert [one["name"] for one in found] == ["Dee"]
    mended = (await sue.get(f"/imports/{told['id']}/failures.csv")).text.replace("Mars/Base", "Asia/Shanghai")
    assert "'+49" not in mended
    again = await sent(sue, mended.replace('"12"', '"+49 30 99"'), source="crm", map="E-Mail=email")
    assert outcomes(await ended(sue, again.json()["id"])) == (3, 2, 0, 0, 0, 1)


async def test_a_second_import_changes_what_the_first_one_made(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    rows = [{"external_id": str(one), "name": f"N{one}", "email": f"n{one}@x.example"} for one in range(300)]
    lines = "\n".join(json.dumps(one) for one in rows)
    first = await ended(sue, (await sent(sue, lines, format="jsonl", source="crm")).json()["id"])
    assert outcomes(first) == (300, 300, 0, 0, 0, 0)
    rows[0]["name"], rows[1]["email"] = "New", "other@x.example"
    second = await ended(sue, (await sent(sue, json.dumps(rows), format="json", source="crm")).json()["id"])
    assert outcomes(second) == (300, 0, 2, 298, 0, 0)
    elsewhere = await ended(sue, (await sent(sue, lines, format="jsonl", known="skip")).json()["id"])
    assert outcomes(elsewhere)[4] > 0


async def test_accounts_find_parents_that_come_later_and_contacts_their_account(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    head = "external_id,name,domain,parent_external_id,owner\n"
    accounts = f"{head}3,Leaf,,2,\n2,Branch,,1,sue\n1,Root,root.example,,\n4,Lost,,9,\n5,Own,,5,\n"
    told = await ended(sue, (await sent(sue, accounts, noun="account", source="erp")).json()["id"])
    assert outcomes(told) == (5, 3, 0, 0, 0, 2)
    failed = (await sue.get(f"/imports/{told['id']}/failures")).json()["items"]
    assert [(one["number"], one["reason"], one["field"]) for one in failed] == [
        (4, "unknown-account", "parent_external_id"),
        (5, "unknown-account", "parent_external_id"),
    ]
    leaf = (await sue.get("/accounts", text="leaf")).json()["items"][0]
    tree = (await sue.get(f"/accounts/{leaf['id']}/tree")).json()
    assert [(one["name"], one["depth"]) for one in tree["nodes"]] == [("Root", 0), ("Branch", 1), ("Leaf", 2)]
    circle = "external_id,parent_external_id\n1,3\n"
    told = await ended(sue, (await sent(sue, circle, noun="account", source="erp")).json()["id"])
    failed = (await sue.get(f"/imports/{told['id']}/failures")).json()["items"]
    assert [one["reason"] for one in failed] == ["account-circle"]
    people = "name,email,account\nAna,ana@root.example,ROOT\nBen,ben@root.example,None\n"
    told = await ended(sue, (await sent(sue, people)).json()["id"])
    assert outcomes(told) == (2, 1, 0, 0, 0, 1)
    root = (await sue.get("/accounts", text="root")).json()["items"][0]
    contacts = (await sue.get(f"/accounts/{root['id']}/relations")).json()["items"]
    assert [(one["contact_name"], one["direct"]) for one in contacts] == [("Ana", True)]


async def test_a_dry_run_tells_all_and_writes_nothing(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    accounts = "external_id,name,parent\n1,Leaf,Root\n2,Root,\n3,,\n"
    asked = await sent(sue, accounts, noun="account", source="erp", dry_run="true")
    assert outcomes(await ended(sue, asked.json()["id"])) == (3, 2, 0, 0, 0, 1)
    assert (await sue.get("/accounts")).json()["items"] == []


async def test_a_file_comes_in_pieces(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    whole = CONTACTS.encode()
    asked = (await sent(sue, whole[:50], complete="false", map="E-Mail=email")).json()
    assert (asked["state"], asked["received"]) == ("receiving", 50)
    path = f"/{asked['id']}"
    early = await sent(sue, whole[60:], method="PATCH", to=path, offset=60)
    assert (early.status_code, early.json()["slug"], early.json()["received"]) == (409, "wrong-offset", 50)
    more = await sent(sue, whole[50:], method="PATCH", to=path, offset=50)
    assert more.json()["received"] == len(whole)
    last = await sent(sue, b"", method="PATCH", to=path, offset=len(whole), complete="true")
    assert last.status_code == 202, last.text
    assert outcomes(await ended(sue, asked["id"])) == (5, 1, 1, 0, 0, 3)
    late = await sent(sue, b"x", method="PATCH", to=path, offset=len(whole))
    assert late.json()["slug"] == "file-complete"


async def test_of_two_who_bring_one_piece_one_is_refused_and_nothing_is_lost(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    asked = (await sent(sue, b"", complete="false")).json()
    on_its_way, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*, cut: bool) -> AsyncIterator[bytes]:
        yield b"name\nX"
        on_its_way.set()
        await go_on.wait()
        if cut:
            raise ConnectionError
        yield b"Y\n"

    for cut in (False, True):
        on_its_way.clear()
        go_on.clear()
        at = 0 if not cut else len(b"name\nA\n")
        late = asyncio.create_task(sent(sue, slow(cut=cut), method="PATCH", to=f"/{asked['id']}", offset=at))
        await asyncio.wait_for(on_its_way.wait(), 30)
        first = await sent(sue, b"B\n" if cut else b"name\nA\n", method="PATCH", to=f"/{asked['id']}", offset=at)
        assert first.status_code == 202, first.text
        go_on.set()
        refused = (await late).json()
        if not cut:
            assert (refused["slug"], refused["received"]) == ("wrong-offset", first.json()["received"])
    end = {"offset": len(b"name\nA\nB\n"), "complete": "true"}
    last = await sent(sue, b"", method="PATCH", to=f"/{asked['id']}", **end)
    assert last.status_code == 202, last.text
    assert outcomes(await ended(sue, asked["id"])) == (2, 2, 0, 0, 0, 0)
    assert {one["name"] for one in (await sue.get("/contacts")).json()["items"]} == {"A", "B"}


async def test_what_cannot_be_imported_is_refused_at_once(desk: Engine) -> None:
    sue, ana = await desk.signed_in("sue"), await desk.signed_in("ana")
    for body, query, field in (
        ("name,colour\nA,red\n", {}, "map"),
        ("name,mail\nA,a@x.example\n", {"map": "mail=nothing"}, "map"),
        ("name\nA\n", {"map": "mail=email"}, "map"),
        ("name,name\nA,B\n", {}, "file"),
        ("", {}, "file"),
        ("name\nA\n", {"charset": "base64"}, "charset"),
        ("name\nA\n", {"delimiter": "x"}, "delimiter"),
    ):
        refused = await sent(sue, body, **query)
        assert (refused.status_code, refused.json().get("field")) == (400, field), refused.text
    assert (await sent(ana, CONTACTS)).status_code == 403
    assert (await sue.get("/imports/none")).json()["slug"] == "unknown-import"
    states = {one["state"] for one in (await sue.get("/imports")).json()["items"]}
    assert states == {"cancelled"}
    assert (await sue.get("/imports/columns/account")).json()["items"][0]["name"] == "id"


async def test_cases_come_in_as_they_were_elsewhere_and_are_changed_by_the_rules(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    await ended(sue, (await sent(sue, "name,email\nAna,ana@x.example\n")).json()["id"])
    head = "external_id,subject,status,contact_email,parent_external_id,opened_at,closed_at,tags,owner\n"
    body = (
        "7,Part,,ana@x.example,8,2020-01-02T03:00:00Z,,red;blue,sue\n"
        "8,Whole,closed,,,2020-01-01T00:00:00Z,2020-02-01T00:00:00Z,,\n"
        "9,Bad,lost,,,,,,\n10,Bad,new,,,,2020-02-01T00:00:00Z,,\n11,Bad,,none@x.example,,,,,\n12,,,,,,,,\n"
    )
    told = await ended(sue, (await sent(sue, head + body, noun="case", source="old")).json()["id"])
    assert outcomes(told) == (6, 2, 0, 0, 0, 4)
    failed = (await sue.get(f"/imports/{told['id']}/failures")).json()["items"]
    assert [one["field"] for one in failed] == ["status", "closed_at", "contact_email", "subject"]
    found = {one["subject"]: one for one in (await sue.get("/cases")).json()["items"]}
    part, whole = found["Part"], found["Whole"]
    assert (part["parent_id"], part["contact_name"], part["tags"]) == (whole["id"], "Ana", ["red", "blue"])
    assert (part["opened_at"], part["owner_name"]) == ("2020-01-02T03:00:00.000Z", "Sue")
    assert (whole["status"], whole["closed_at"]) == ("closed", "2020-02-01T00:00:00.000Z")
    history = (await sue.get(f"/cases/{part['id']}/history")).json()["items"]
    assert [(one["kind"], one["actor_name"]) for one in history] == [("opened", "Sue"), ("imported", "Sue")]
    assert history[1]["data"] == {"source": "old", "external_id": "7"}
    again = "external_id,priority,status\n7,3,\n8,,new\n"
    told = await ended(sue, (await sent(sue, again, noun="case", source="old")).json()["id"])
    assert outcomes(told) == (2, 0, 1, 0, 0, 1)
    assert (await sue.get(f"/imports/{told['id']}/failures")).json()["items"][0]["reason"] == "illegal-status"
    assert (await sue.get(f"/cases/{part['id']}")).json()["case"]["priority"] == 3
