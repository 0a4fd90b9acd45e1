"""Jobs over many cases through the API: progress, what failed and why, and their end before the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.model.escalation import Action, ActionKind
from engine.model.macro import Macro, MacroAction
from tests.integration.api.engine_under_test import Browser, Engine, agent_socket, running_engine, staffed_organisation
from tests.servers import eventually

RAISE = Macro(
    key="raise", name="Raise", actions=(MacroAction(action=Action(kind=ActionKind.RAISE_PRIORITY, points=2)),)
)


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    made = staffed_organisation(org, macros={"raise": RAISE})
    async with running_engine(tmp_path / "data", valkey_address, [made]) as engine:
        yield engine


async def opened(browser: Browser, count: int) -> list[str]:
    made = [await browser.post("/cases", {"subject": f"Old {one}", "client_id": str(one)}) for one in range(count)]
    return [str(one.json()["id"]) for one in made]


async def ended(browser: Browser, job_id: str) -> dict[str, object]:
    async def over() -> dict[str, object]:
        told: dict[str, object] = (await browser.get(f"/jobs/{job_id}")).json()
        assert told["ended_at"]
        return told

    return await eventually(over, within_s=20)


async def test_a_macro_is_done_to_many_cases(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    ids = await opened(sue, 60)
    asked = await sue.post("/macros/raise/runs", {"filter": {"text": "Old"}})
    assert (asked.status_code, asked.json()["total"]) == (202, 60)
    told = await ended(sue, asked.json()["id"])
    assert (told["state"], told["done"], told["failed"]) == ("done", 60, 0)
    history = (await sue.get(f"/cases/{ids[0]}/history")).json()["items"]
    assert [one["actor_name"] for one in history if one["kind"] == "macro"] == ["Sue"]
    assert (await sue.get("/jobs")).json()["items"][0]["id"] == told["id"]


async def test_a_bulk_edit_says_what_failed_and_why(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    ids = await opened(sue, 3)
    version = (await sue.get(f"/cases/{ids[2]}")).json()["case"]["version"]
    closed = await sue.send("PATCH", f"/cases/{ids[2]}", {"version": version, "status": "closed"})
    assert closed.status_code == 200, closed.text
    changes = {"status": "waiting", "tags": ["spring"]}
    asked = await sue.post("/cases/bulk", {"case_ids": [*ids, "none"], "changes": changes, "why": "Tidying"})
    told = await ended(sue, asked.json()["id"])
    failed = (await sue.get(f"/jobs/{told['id']}/failures")).json()["items"]
    reasons = {one["case_id"]: one["reason"] for one in failed}
    assert reasons["none"] == "unknown-case"
    assert told["done"] == 4 - len(failed)
    done = (await sue.get(f"/cases/{ids[0]}")).json()["case"]
    assert (done["status"], done["tags"]) == ("waiting", ["spring"])
    rest = (await sue.get(f"/jobs/{told['id']}/failures", after_number=failed[-1]["number"])).json()["items"]
    assert rest == []
    late = (await sue.post(f"/jobs/{told['id']}/cancel", {})).json()
    assert late["state"] == "done"


async def test_jobs_are_for_supervisors_and_say_what_they_are_about(desk: Engine) -> None:
    sue, ana = await desk.signed_in("sue"), await desk.signed_in("ana")
    for path, body, slug in (
        ("/cases/bulk", {"case_ids": ["a"], "changes": {}}, "invalid-input"),
        ("/cases/bulk", {"changes": {"priority": 1}}, "invalid-input"),
        ("/cases/bulk", {"filter": {}, "changes": {"priority": 1}}, "invalid-input"),
        ("/cases/bulk", {"filter": {"tag": "none"}, "changes": {"priority": 1}}, "invalid-input"),
        ("/macros/none/runs", {"case_ids": ["a"]}, "unknown-macro"),
        ("/jobs/none/cancel", {}, "unknown-job"),
    ):
        refused = await sue.post(path, body)
        assert refused.json()["slug"] == slug, refused.text
    assert (await ana.post("/cases/bulk", {"case_ids": ["a"], "changes": {"priority": 1}})).status_code == 403


async def test_consoles_see_how_a_job_gets_on(desk: Engine) -> None:
    sue, ana = await desk.signed_in("sue"), await desk.signed_in("ana")
    ids = await opened(sue, 60)
    async with desk.served() as address, agent_socket(address, sue) as socket, agent_socket(address, ana) as other:
        for one in (socket, other):
            await one.send("hello", v=1)
            await one.until("alerts", unread=0)
        asked = (await sue.post("/cases/bulk", {"case_ids": ids, "changes": {"priority": 3}})).json()
        begun = await socket.until("job", id=asked["id"])
        assert (begun["state"], begun["total"]) == ("waiting", 60)
        over = await socket.until("job", within_s=20, id=asked["id"], state="done")
        assert (over["done"], over["failed"], over["asked_by"]) == (60, 0, asked["asked_by"])
        assert not [one for one in other.seen if one["type"] == "job"]


async def test_a_new_alert_is_told_and_counted_until_it_is_acknowledged(desk: Engine) -> None:
    sue = await desk.signed_in("sue")
    async with desk.served() as address, agent_socket(address, sue) as socket:
        await socket.send("hello", v=1)
        await socket.until("alerts", unread=0)
        await sue.post("/activities", {"subject": "Roster", "remind_at": "2026-01-01T08:00:00Z"})
        alert = await socket.until("alert")
        await socket.until("alerts", unread=1)
        assert (await sue.post(f"/alerts/{alert['id']}/acknowledge")).status_code == 204
        await socket.until("alerts", unread=0)
