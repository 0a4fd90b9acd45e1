"""Cases are assigned anew and routed by hand through the API; what follows reaches the board."""

from pathlib import Path

from engine.model.assignment import AssignmentRule
from engine.model.condition import Group, Joint, Operator, Test
from engine.model.organisation import CapacityProfile, ChannelCapacity
from tests.integration.api.engine_under_test import Browser, Engine, running_engine, staffed_organisation
from tests.servers import eventually

URGENT = Group(joint=Joint.ALL, parts=(Test(field="priority", operator=Operator.AT_LEAST, value=5),))
RULE = AssignmentRule(name="Urgent", when=URGENT, queue="sales", owner="ben", route=True)
PROFILES = {
    "standard": CapacityProfile(
        key="standard", units=3, channels={"chat": ChannelCapacity(), "case": ChannelCapacity()}
    )
}


async def opened(browser: Browser, **fields: object) -> str:
    made = await browser.post("/cases", {"subject": "Broken kettle", "client_id": "1", **fields})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_without_rules_or_profiles_nothing_is_routed(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    case_id = await opened(ana)
    answer = (await ana.post(f"/cases/{case_id}/assign", {})).json()
    assert (answer["rule"], answer["because"]) == ("", [])
    version = answer["case"]["version"]
    stale = await ana.post(f"/cases/{case_id}/assign", {"version": version + 7})
    assert (stale.status_code, stale.json()["slug"]) == (409, "stale-version")
    refused = await ana.send("PATCH", f"/cases/{case_id}", {"version": version, "routed": True})
    assert (refused.status_code, refused.json()["field"]) == (400, "routed")
    assert (await ana.post("/cases/none/assign", {})).json()["slug"] == "unknown-case"


async def test_a_case_that_became_urgent_is_assigned_anew(tmp_path: Path, valkey_address: str, org: str) -> None:
    organisation = staffed_organisation(org, assignment=(RULE,), profiles=PROFILES)
    async with running_engine(tmp_path / "data", valkey_address, [organisation]) as engine:
        ana = await engine.signed_in("ana")
        case_id = await opened(ana)
        version = (await ana.get(f"/cases/{case_id}")).json()["case"]["version"]
        await ana.send("PATCH", f"/cases/{case_id}", {"version": version, "priority": 7})
        answer = (await ana.post(f"/cases/{case_id}/assign", {})).json()
        assert (answer["rule"], answer["case"]["owner_name"], answer["case"]["routed"]) == ("Urgent", "Ben", True)
        assert answer["because"][0] == {
            "field": "priority",
            "operator": "at_least",
            "value": 5,
            "seen": 7,
            "held": True,
        }

        async def waits() -> bool:
            items = (await ana.get("/work-items", case_id=case_id)).json()["items"]
            return [(item["kind"], item["priority"]) for item in items] == [("case", 7)]

        await eventually(waits)
