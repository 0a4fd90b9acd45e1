"""Assets, orders, contracts, entitlements and leads over HTTP: written, listed, refused, verified, handed to sales."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.case_setup import Filing
from engine.model.organisation import CapacityProfile, CasePolicy, ChannelCapacity
from engine.model.record import Opened
from tests.contract.store.building import PLAN, arrival, opened
from tests.integration.api.engine_under_test import Engine, running_engine, staffed_organisation
from tests.organisations import small_organisation
from tests.servers import eventually

Json = dict[str, Any]


@pytest.fixture
async def desk(tmp_path: Path, valkey_address: str, org: str) -> AsyncIterator[Engine]:
    """Run an organisation that hands leads to sales and verifies entitlements."""
    small = small_organisation(org)
    kinds = {"chat": ChannelCapacity(), "lead": ChannelCapacity()}
    organisation = staffed_organisation(
        org,
        sales_queue="sales",
        verifies_entitlements=True,
        profiles={"standard": CapacityProfile(key="standard", units=3, channels=kinds)},
        statuses={**small.statuses, "available": replace(small.statuses["available"], channels=frozenset(kinds))},
    )
    async with running_engine(tmp_path / "data", valkey_address, [organisation]) as running:
        yield running


async def case_of(engine: Engine, org: str) -> Opened:
    """Open a case for a conversation that nobody has answered."""
    store = engine.application.store
    now_ms = engine.parts.clock.now_ms()
    return await opened(store, org, policy=CasePolicy.FIRST_MESSAGE, now_ms=now_ms)


async def test_things_are_written_and_listed(desk: Engine, org: str) -> None:
    contact = (await case_of(desk, org)).contact
    ana, sue = await desk.signed_in("ana"), await desk.signed_in("sue")
    made = await ana.post("/assets", {"name": "Kettle", "contact_id": contact.id, "purchased_on": "2026-02-28"})
    assert made.status_code == 201, made.text
    asset = made.json()
    changed = await ana.send("PATCH", f"/assets/{asset['id']}", {"version": 1, "status": "repair"})
    assert (changed.json()["status"], changed.json()["version"]) == ("repair", 2)
    stale = await ana.send("PATCH", f"/assets/{asset['id']}", {"version": 1, "status": "retired"})
    assert (stale.status_code, stale.json()["slug"], stale.json()["version"]) == (409, "stale-version", 2)
    order: Json = {"number": "55-1", "contact_id": contact.id, "lines": [{"name": "Kettle"}], "currency": "EUR"}
    assert (await ana.post("/orders", order)).json()["lines"][0]["quantity"] == 1
    assert (await ana.post("/orders", order)).json()["slug"] == "number-taken"
    listed = (await ana.get("/orders", contact_id=contact.id)).json()["items"]
    assert [one["number"] for one in listed] == ["55-1"]
    contract = (await sue.post("/contracts", {"number": "C-1", "starts_on": "2026-01-01"})).json()
    ends = await sue.send("PATCH", f"/contracts/{contract['id']}", {"version": 1, "ends_on": "2025-12-31"})
    assert (ends.status_code, ends.json()["field"]) == (400, "ends_on")
    assert (await ana.post("/contracts", {"number": "C-2"})).status_code == 403
    assert (await sue.send("DELETE", f"/assets/{asset['id']}")).status_code == 204
    assert (await ana.get(f"/assets/{asset['id']}")).json()["slug"] == "unknown-asset"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/assets", {"name": "K", "purchased_on": "2026-02-30"}, "purchased_on"),
        ("/assets", {"name": "K", "account_id": "nobody"}, "account_id"),
        ("/orders", {"number": "1", "currency": "euro"}, "currency"),
        ("/entitlements", {"name": "E"}, "account_id"),
        ("/entitlements", {"name": "E", "contract_id": "none"}, "contract_id"),
        ("/entitlements", {"name": "E", "asset_id": "a", "channels": ["carrier-pigeon"]}, "channels"),
    ],
)
async def test_what_is_wrong_is_named_by_its_field(desk: Engine, path: str, body: Json, field: str) -> None:
    sue = await desk.signed_in("sue")
    answer = (await sue.post(path, body)).json()
    named = [one["field"] for one in answer.get("errors", ())] or [answer["field"]]
    assert named == [field]


async def test_a_new_case_is_verified(desk: Engine, org: str) -> None:
    sue = await desk.signed_in("sue")
    first = await case_of(desk, org)
    held = await sue.post("/entitlements", {"name": "Care", "contact_id": first.contact.id, "cases_allowed": 1})
    assert held.status_code == 201, held.text
    claim = {"contact_id": first.contact.id, "channel": "web"}
    verdict = (await sue.post("/entitlements/verify", claim)).json()
    assert (verdict["entitled"], verdict["entitlement"]["id"]) == ("entitled", held.json()["id"])
    store = desk.application.store
    now_ms = desk.parts.clock.now_ms()
    made = await store.arrivals.open_interaction(
        arrival(org, conversation_key="2", token_hash="2"),
        kind="chat",
        plan=PLAN,
        case_policy=CasePolicy.FIRST_MESSAGE,
        now_ms=now_ms,
        filing=Filing(watched=True),
    )
    assert made.case is not None
    case_id = made.case.id

    async def judged() -> bool:
        return (await store.cases.get(org, case_id)).entitled == "entitled"

    await eventually(judged)
    assert (await sue.post("/entitlements/verify", claim)).json()["entitled"] == "used_up"
    assert (await sue.get(f"/entitlements/{held.json()['id']}")).json()["cases_used"] == 1


async def test_a_lead_is_handed_to_sales_once_and_owned_by_who_accepts_it(desk: Engine, org: str) -> None:
    case = (await case_of(desk, org)).case
    assert case is not None
    ana = await desk.signed_in("ana")
    body: Json = {"client_id": "1", "kind": "cross_sell", "subject": "Wants a second kettle", "value_minor": 4_200}
    made = [await ana.post(f"/cases/{case.id}/leads", body) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    lead = made[0].json()
    assert made[1].json() == lead
    assert (lead["case_id"], lead["contact_id"], lead["queue"]) == (case.id, case.contact_id, "sales")
    items = (await ana.get("/work-items", kind="lead")).json()["items"]
    assert [(one["id"], one["state"]) for one in items] == [(lead["item_id"], "queued")]
    assert items[0]["attributes"]["subject"] == "Wants a second kettle"
    assert (await ana.post("/presence", {"status": "available"})).status_code == 204
    picked = await ana.post(f"/work-items/{lead['item_id']}/pick")
    assert picked.status_code == 200, picked.text
    owned = (await ana.get(f"/leads/{lead['id']}")).json()
    assert (owned["status"], owned["owner_id"]) == ("accepted", picked.json()["agent_id"])
    assert (await desk.application.store.cases.get(org, case.id)).owner_id == ""  # sales own the lead, not the case
    won = await ana.send("PATCH", f"/leads/{lead['id']}", {"version": owned["version"], "status": "won"})
    assert won.json()["status"] == "won"
    wrong = await ana.send("PATCH", f"/leads/{lead['id']}", {"version": won.json()["version"], "status": "lost"})
    assert wrong.json()["slug"] == "illegal-status"
    assert [one["id"] for one in (await ana.get("/leads", owner="me", status="won")).json()["items"]] == [lead["id"]]
    kinds = [event.kind for event in await desk.application.store.cases.events(org, case.id)]
    assert kinds.count("lead") == 1


async def test_without_a_sales_queue_there_are_no_leads(engine: Engine, org: str) -> None:
    case = (await case_of(engine, org)).case
    assert case is not None
    ana = await engine.signed_in("ana")
    refused = await ana.post(f"/cases/{case.id}/leads", {"client_id": "1", "subject": "More"})
    assert (refused.status_code, refused.json()["slug"]) == (409, "no-sales-queue")


async def test_a_customer_is_seen_at_a_glance(desk: Engine, org: str) -> None:
    made = await case_of(desk, org)
    assert made.case is not None
    ana, sue = await desk.signed_in("ana"), await desk.signed_in("sue")
    thing = (await ana.post("/assets", {"name": "Kettle", "contact_id": made.contact.id})).json()
    held = (await sue.post("/entitlements", {"name": "Warranty", "asset_id": thing["id"]})).json()
    lead = (await ana.post(f"/cases/{made.case.id}/leads", {"client_id": "1", "subject": "More"})).json()
    seen = (await ana.get(f"/contacts/{made.contact.id}/view")).json()
    assert seen["contact"]["addresses"][0]["value"] == made.contact.email
    assert [one["id"] for one in seen["cases"]] == [made.case.id]
    assert seen["case_count"] == {"open": 1, "past": 0, "complete": True}
    assert (seen["assets"], seen["entitlements"], seen["leads"]) == ([thing], [held], [lead])
    assert [one["interaction"]["id"] for one in seen["timeline"]] == [made.interaction.id]
    paged = await ana.get(f"/contacts/{made.contact.id}/timeline", before_id=made.interaction.id)
    assert paged.json()["items"] == []
    assert (await ana.get("/contacts/nobody/view")).json()["slug"] == "unknown-contact"
    assert (await ana.get("/accounts/nothing/view")).json()["slug"] == "unknown-account"
