"""Clocks over HTTP: a case's milestones, and business hours as calendars."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.model.hours import Hours, Period, Span
from engine.model.organisation import Queue
from engine.model.plan import Plan, Target
from tests.integration.api.engine_under_test import Engine, running_engine, staffed_organisation
from tests.servers import eventually

HOUR = 3_600_000
WEEK = tuple(Period(weekday=day, start_minute=0, end_minute=1440) for day in range(7))
OFFICE = Hours(
    key="office",
    periods=WEEK,
    time_zone="Europe/Berlin",
    holidays={"2026-12-25": "Christmas Day"},
    exceptions={"2026-12-24": (Span(start_minute=540, end_minute=720),)},
)
TARGETS = {
    "first_response": (Target(within_ms=HOUR),),
    "resolution": (Target(within_ms=4 * HOUR, priority_at_least=10), Target(within_ms=8 * HOUR)),
}


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    """Run an engine whose queue sales promises something."""
    organisation = staffed_organisation(
        org,
        queues={
            "sales": Queue(key="sales", name="Sales", plan="gold"),
            "support": Queue(key="support", name="Support"),
        },
        hours={"office": OFFICE, "never": Hours(key="never")},
        plans={"gold": Plan(key="gold", name="Gold", hours="office", targets=TARGETS)},
    )
    async with running_engine(tmp_path / "data", valkey_address, [organisation]) as running:
        yield running


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


async def test_a_case_shows_its_milestones(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    made = (await ana.post("/cases", {"subject": "Broken", "queue": "sales"})).json()

    async def milestones() -> Mapping[str, Any]:
        shown = (await ana.get(f"/cases/{made['id']}")).json()["case"]
        return {one["key"]: one for one in shown["milestones"]}

    async def both() -> Mapping[str, Any] | None:
        found = await milestones()
        return found if len(found) == 2 else None

    found: Mapping[str, Any] = await eventually(both)  # type: ignore[arg-type] # mypy reads it as sync
    first = found["first_response"]
    assert (first["name"], first["occurrence"], first["plan"], first["hours"]) == (
        "First response",
        1,
        "gold",
        "office",
    )
    assert (first["state"], first["missed_at"], first["target_ms"]) == ("running", None, HOUR)
    assert ms(first["started_at"]) == ms(made["opened_at"])
    assert 0 < first["remaining_ms"] <= HOUR
    assert first["remaining_ms"] + first["used_ms"] == HOUR
    listed = (await ana.get("/cases")).json()["items"][0]
    assert {one["key"] for one in listed["milestones"]} == {"first_response", "resolution"}
    version = (await ana.get(f"/cases/{made['id']}")).json()["case"]["version"]
    raised = await ana.send("PATCH", f"/cases/{made['id']}", {"version": version, "priority": 12})
    assert raised.status_code == 200, raised.text
    (resolution,) = [one for one in raised.json()["milestones"] if one["key"] == "resolution"]
    assert resolution["target_ms"] == 4 * HOUR
    version = raised.json()["version"]
    done = (await ana.send("PATCH", f"/cases/{made['id']}", {"version": version, "status": "resolved"})).json()
    states = {one["key"]: (one["state"], one["due_at"]) for one in done["milestones"]}
    assert states == {"first_response": ("cancelled", None), "resolution": ("met", None)}
    listed = (await ana.get("/cases")).json()["items"][0]
    assert listed["milestones"] == []


async def test_calendars(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    listed = (await ana.get("/calendars")).json()["items"]
    assert [(one["hours"], one["time_zone"]) for one in listed] == [("office", "Europe/Berlin"), ("never", "UTC")]
    assert (listed[1]["open"], listed[1]["opens_at"]) == (False, None)
    shown = (await ana.get("/calendars/office", **{"from": "2026-12-24", "days": "3"})).json()
    assert [(day["date"], day["holiday"], day["exception"], day["business_ms"]) for day in shown["days"]] == [
        ("2026-12-24", "", True, 3 * HOUR),
        ("2026-12-25", "Christmas Day", False, 0),
        ("2026-12-26", "", False, 24 * HOUR),
    ]
    assert shown["days"][0]["open"] == [{"from_at": "2026-12-24T08:00:00.000Z", "until_at": "2026-12-24T11:00:00.000Z"}]
    today = (await ana.get("/calendars/office")).json()["days"]
    assert len(today) == 14
    assert abs(datetime.fromisoformat(today[0]["date"]).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(days=2)
    assert (await ana.get("/calendars/gone")).json()["slug"] == "unknown-hours"
    assert (await ana.get("/calendars/office", **{"from": "9999-12-31"})).json()["field"] == "from"
    assert (await ana.get("/calendars/office", days="367")).status_code == 400


async def test_a_plan_is_set_by_hand(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    made = (await ana.post("/cases", {"subject": "Broken", "queue": "support"})).json()
    path = f"/cases/{made['id']}"

    async def is_seen_to() -> bool:
        (org_id,) = [one.id for one in engine.application.book.all()]
        return not await engine.application.store.cases.attention(org_id, now_ms=0, limit=9)

    await eventually(is_seen_to)
    changed: dict[str, Any] = {}
    for plan, state in (("gold", "running"), ("", "cancelled")):
        version = (await ana.get(path)).json()["case"]["version"]
        changed = (await ana.send("PATCH", path, {"version": version, "plan": plan})).json()
        assert (changed["plan"], {one["state"] for one in changed["milestones"]}) == (plan, {state})
    refused = await ana.send("PATCH", path, {"version": changed["version"], "plan": "none"})
    assert (refused.status_code, refused.json()["field"]) == (400, "plan")
