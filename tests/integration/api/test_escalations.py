"""Escalations over the API: begun by events and ratings, shown with where they stand, told to whom they are for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.model.escalation import Action, ActionKind, EscalationStep, NotifyBy, RuleSet, Trigger, TriggerKind
from engine.model.user import Scope
from tests.integration.api.engine_under_test import Engine, running_engine, staffed_organisation
from tests.integration.api.test_generic_work import system
from tests.servers import eventually

TELL = Action(kind=ActionKind.NOTIFY, by=NotifyBy.CONSOLE, to=("ana",), text="{case.number}: {rule.name}")
STEPS = (EscalationStep(key="1", after_ms=0, actions=(Action(kind=ActionKind.RAISE_PRIORITY, points=3), TELL)),)
SETS = {
    key: RuleSet(key=key, name=key.title(), trigger=trigger, steps=STEPS)
    for key, trigger in (
        ("lost", Trigger(kind=TriggerKind.EVENT, event="parcel.lost")),
        ("bad", Trigger(kind=TriggerKind.RATING, rating=2)),
    )
}


@pytest.fixture
async def engine(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    """Run the engine with two rule sets."""
    organisation = staffed_organisation(org, escalations=SETS)
    async with running_engine(tmp_path / "data", valkey_address, [organisation]) as running:
        yield running


async def test_an_event_and_a_rating_escalate(engine: Engine) -> None:
    ana, ben = await engine.signed_in("ana"), await engine.signed_in("ben")
    erp = await system(engine, Scope.CASES_WRITE)
    case = (await ana.post("/cases", {"subject": "Where is it?", "client_id": "1"})).json()
    path = f"/cases/{case['id']}"
    event = {"name": "parcel.lost", "client_id": "carrier-1", "data": {"parcel": "4711"}}
    first, again = await erp.post(f"{path}/events", json=event), await erp.post(f"{path}/events", json=event)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]

    async def ladders() -> list[dict[str, object]]:
        return list((await ana.get(f"{path}/escalations")).json()["items"])

    await eventually(lambda: ladders_are(ladders, 1), within_s=20)
    assert (await erp.post(f"{path}/rating", json={"rating": 1, "comment": "Bad."})).json()["rating"] == 1
    found = await ladders()
    assert [(one["rule_set"], one["state"]) for one in found] == [("lost", "complete"), ("bad", "complete")]
    assert (await ana.get(path)).json()["case"]["priority"] == 6

    async def told() -> bool:
        return len((await ana.get("/alerts")).json()["items"]) == 2

    await eventually(told, within_s=20)
    mine = (await ana.get("/alerts")).json()["items"]
    assert {one["data"]["text"] for one in mine} == {"1: Lost", "1: Bad"}
    assert (await ben.get("/alerts")).json()["items"] == []
    assert (await ben.post(f"/alerts/{mine[0]['id']}/acknowledge")).status_code == 404
    assert (await ana.post(f"/alerts/{mine[0]['id']}/acknowledge")).status_code == 204


async def ladders_are(ladders: object, count: int) -> bool:
    assert callable(ladders)
    return len(await ladders()) == count


async def test_what_does_not_fit_is_refused(engine: Engine) -> None:
    ana, erp = await engine.signed_in("ana"), await system(engine, Scope.WORK_WRITE)
    assert (await ana.get("/cases/none/escalations")).status_code == 404
    assert (await ana.post("/cases/none/events", {"name": "a", "client_id": "1"})).status_code == 404
    case = (await ana.post("/cases", {"subject": "S", "client_id": "1"})).json()
    for body in ({"name": "Big", "client_id": "1"}, {"name": "a", "client_id": "1", "data": {"x": "y" * 9_000}}):
        assert (await ana.post(f"/cases/{case['id']}/events", body)).status_code == 400
    assert (await ana.post(f"/cases/{case['id']}/rating", {"rating": 6})).status_code == 400
    event = {"name": "a", "client_id": "1"}
    assert (await erp.post(f"/cases/{case['id']}/events", json=event)).status_code == 403
