"""Cases are merged over HTTP: read as the kept one, refused to be written, and come back with an undo."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.api.engine_under_test import Engine, running_engine, staffed_organisation
from tests.integration.api.test_case_routing import PROFILES
from tests.servers import eventually


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    async with running_engine(tmp_path / "data", valkey_address, [staffed_organisation(org)]) as running:
        yield running


@pytest.fixture
async def routing(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    organisation = staffed_organisation(org, profiles=PROFILES)
    async with running_engine(tmp_path / "data", valkey_address, [organisation]) as running:
        yield running


async def test_supervisors_merge_cases_and_undo(desk: Engine, org: str) -> None:
    ana, sue = await desk.signed_in("ana"), await desk.signed_in("sue")
    kept, lost = [(await ana.post("/cases", {"subject": name})).json() for name in ("Kept", "Lost")]
    queued = await ana.send("PATCH", f"/cases/{lost['id']}", {"version": lost["version"], "priority": 7})
    assert queued.status_code == 200
    assert (await ana.post(f"/cases/{lost['id']}/comments", {"body": "See this", "client_id": "1"})).status_code == 201
    body = {"lost_id": lost["id"], "why": "one teapot"}
    assert (await ana.post(f"/cases/{kept['id']}/merge", body)).status_code == 403
    answer = await sue.post(f"/cases/{kept['id']}/merge", body)
    merge = answer.json()
    assert (answer.status_code, merge["kind"], merge["kept_id"]) == (200, "case", kept["id"])

    read = (await ana.get(f"/cases/{lost['id']}")).json()
    assert read["case"]["id"] == kept["id"]
    told = {line["event"]["kind"]: line["event"] for line in read["timeline"] if line["type"] == "event"}
    assert (told["comment"]["case_id"], told["comment"]["data"]["body"]) == (lost["id"], "See this")
    history = (await ana.get(f"/cases/{kept['id']}/history")).json()["items"]
    (line,) = [one for one in history if one["kind"] == "merged"]
    assert (line["actor_name"], line["data"]["number"], line["data"]["why"]) == ("Sue", lost["number"], "one teapot")
    writes = (
        ("PATCH", f"/cases/{lost['id']}", {"version": 2, "priority": 1}),
        ("POST", f"/cases/{lost['id']}/comments", {"body": "x", "client_id": "2"}),
        ("POST", "/activities", {"subject": "Call", "case_id": lost["id"]}),
    )
    for method, path, said in writes:
        refused = await ana.send(method, path, said)
        assert refused.status_code == 409, refused.text
        assert (refused.json()["slug"], refused.json()["merged_into"]) == ("merged", kept["id"])
    listed = [one["id"] for one in (await ana.get("/cases")).json()["items"]]
    assert listed == [kept["id"]]

    undone = (await sue.post(f"/merges/{merge['id']}/undo")).json()
    assert (undone["left"], bool(undone["undone_at"])) == (0, True)
    back = (await ana.get(f"/cases/{lost['id']}")).json()["case"]
    assert (back["id"], back["status"], back["priority"], back["merged_into"]) == (lost["id"], "new", 7, "")
    actions = [one["action"] for one in (await (await desk.signed_in("ada")).get("/audit")).json()["items"]]
    assert actions[:2] == ["case.unmerged", "case.merged"]
    merges = (await ana.get("/merges", customer_id=lost["id"])).json()["items"]
    assert [one["id"] for one in merges] == [merge["id"]]


async def test_the_work_of_a_merged_case_ends_and_comes_back(routing: Engine, org: str) -> None:
    desk = routing
    ana, sue = await desk.signed_in("ana"), await desk.signed_in("sue")
    kept, lost = [(await ana.post("/cases", {"subject": name, "queue": "sales"})).json() for name in ("Kept", "Lost")]
    routed = await ana.send("PATCH", f"/cases/{lost['id']}", {"version": lost["version"], "routed": True})
    assert routed.status_code == 200, routed.text

    async def waiting() -> int:
        items = (await ana.get("/work-items", case_id=lost["id"])).json()["items"]
        return sum(one["state"] == "queued" for one in items)

    async def waits() -> bool:
        return await waiting() == 1

    async def is_over() -> bool:
        return await waiting() == 0

    await eventually(waits)
    merge = (await sue.post(f"/cases/{kept['id']}/merge", {"lost_id": lost["id"]})).json()
    await eventually(is_over)
    assert (await sue.post(f"/merges/{merge['id']}/undo")).json()["left"] == 0
    await eventually(waits)
