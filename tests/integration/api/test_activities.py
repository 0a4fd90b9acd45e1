"""Tasks and events over HTTP."""

from datetime import UTC, datetime, timedelta

from tests.integration.api.engine_under_test import Engine
from tests.servers import eventually


def at(**later: float) -> str:
    return (datetime.now(UTC) + timedelta(**later)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_a_task_is_made_found_done_and_deleted(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    made = await ana.post("/activities", {"subject": "Call back", "due_at": at(hours=-1)})
    assert made.status_code == 201, made.text
    task = made.json()
    assert (task["kind"], task["owner_name"], task["overdue"], task["status"]) == ("task", "Ana", True, "open")
    await ana.post("/activities", {"subject": "Later", "due_at": at(hours=1)})
    await ana.post("/activities", {"subject": "Some day"})

    async def subjects(span: str) -> list[str]:
        return [one["subject"] for one in (await ana.get("/agenda", span=span)).json()["items"]]

    assert await subjects("overdue") == ["Call back"]
    assert await subjects("due") == ["Call back", "Later"]
    assert await subjects("someday") == ["Some day"]
    path = f"/activities/{task['id']}"
    done = await ana.send("PATCH", path, {"version": 1, "status": "done"})
    assert (done.json()["status"], done.json()["overdue"], done.json()["version"]) == ("done", False, 2)
    stale = await ana.send("PATCH", path, {"version": 1, "subject": "Call"})
    assert (stale.status_code, stale.json()["slug"], stale.json()["version"]) == (409, "stale-version", 2)
    assert await subjects("overdue") == []
    ben = await engine.signed_in("ben")
    assert (await ben.send("DELETE", path)).status_code == 403
    assert (await ana.send("DELETE", path)).status_code == 204
    assert (await ana.get(path)).json()["slug"] == "unknown-activity"


async def test_what_is_wrong_is_named(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    wrong = await ana.post(
        "/activities", {"subject": "Visit", "kind": "event", "starts_at": at(), "ends_at": at(days=-1)}
    )
    assert (wrong.status_code, wrong.json()["field"]) == (400, "ends_at")
    nowhere = await ana.post("/activities", {"subject": "Visit", "case_id": "none"})
    assert (nowhere.json()["slug"], nowhere.json()["field"]) == ("unknown-case", "case_id")
    assert (await ana.post("/activities", {"subject": "Visit", "due_at": "2030-01-01T00:00:00"})).status_code == 400
    assert (await ana.get("/activities")).status_code == 400
    assert (await ana.get("/agenda", owner="all")).status_code == 403


async def test_its_owner_is_reminded(engine: Engine, org: str) -> None:
    sue = await engine.signed_in("sue")
    made = (await sue.post("/activities", {"subject": "Roster", "remind_at": at(seconds=-1)})).json()

    async def reminded() -> bool:
        found = (await sue.get("/alerts")).json()["items"]
        return any(one["data"].get("activity_id") == made["id"] for one in found)

    await eventually(reminded)
