"""Work of any kind that other systems hand in, over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from engine.intake.wanted import Wanted
from engine.model.user import Scope
from engine.model.work import EventKind, WorkState
from tests.integration.api.engine_under_test import ORIGIN, Engine, agent_socket
from tests.servers import eventually

Json = dict[str, Any]


async def system(engine: Engine, *scopes: Scope) -> httpx.AsyncClient:
    """Return a client with a system's token."""
    ada = await engine.signed_in("ada")
    made = await ada.post("/tokens", {"name": "erp", "scopes": [scope.value for scope in scopes]})
    assert made.status_code == 201, made.text
    assert made.json()["token"]["scopes"] == [scope.value for scope in sorted(scopes)]
    client = engine.http(Authorization=f"Bearer {made.json()['secret']}")
    client.base_url = httpx.URL(f"{ORIGIN}/api/v1/")
    return client


async def writer(engine: Engine) -> httpx.AsyncClient:
    return await system(engine, Scope.WORK_READ, Scope.WORK_WRITE)


async def test_a_work_item_is_handed_in_and_read_back(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    asked: Json = {
        "kind": "chat",
        "queue": "sales",
        "skills": {"english": 3},
        "preferred_skills": {"billing": 2},
        "priority": 4,
        "due_at": "2030-01-02T03:04:05Z",
        "attributes": {"order": 4711, "lines": [{"sku": "ü-1"}]},
        "reference": "order-4711",
    }
    made = await erp.post("/work-items", json=asked)
    assert made.status_code == 201, made.text
    item = made.json()
    assert item["state"] == "queued"
    assert item["due_at"] == "2030-01-02T03:04:05.000Z"
    for name in ("kind", "queue", "skills", "preferred_skills", "priority", "attributes", "reference"):
        assert item[name] == asked[name], name
    assert (await erp.get(f"/work-items/{item['id']}")).json()["attributes"] == asked["attributes"]
    listed = (await erp.get("/work-items", params={"reference": "order-4711"})).json()["items"]
    assert [one["id"] for one in listed] == [item["id"]]
    again = await erp.post("/work-items", json=asked)
    assert (again.status_code, again.json()["slug"], again.json()["item_id"]) == (409, "reference-taken", item["id"])


async def test_what_is_wrong_is_named_by_its_field(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    good = {"kind": "chat", "queue": "sales"}
    for change, status, slug, field in (
        ({"kind": "fax"}, 400, "unknown-kind", "kind"),
        ({"queue": "none"}, 400, "unknown-queue", "queue"),
        ({"queue": ""}, 400, "invalid-input", "queue"),
        ({"skills": {"dutch": 1}}, 400, "invalid-input", "skills"),
        ({"case_id": "none"}, 404, "unknown-case", "case_id"),
        ({"parent_id": "none"}, 404, "unknown-item", "parent_id"),
        ({"preferred_agent": "none"}, 404, "unknown-user", "preferred_agent"),
        ({"attributes": {"a": "x" * 17_000}}, 413, "too-large", "attributes"),
    ):
        answer = await erp.post("/work-items", json={**good, **change})
        problem = answer.json()
        assert (answer.status_code, problem["slug"], problem["field"]) == (status, slug, field), change
        assert answer.headers["content-type"] == "application/problem+json"
    for change, field in (({"skills": {"english": 11}}, "skills.english"), ({"priority": "high"}, "priority")):
        answer = await erp.post("/work-items", json={**good, **change})
        assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert (await erp.get("/work-items")).json()["items"] == []


async def test_a_repeated_request_makes_one_item(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    body, key = {"kind": "chat", "queue": "sales"}, {"Idempotency-Key": "k1"}
    first, second = [await erp.post("/work-items", json=body, headers=key) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert len((await erp.get("/work-items")).json()["items"]) == 1
    bulk: Json = {"items": [{"kind": "chat", "queue": "sales"}] * 3}
    one, two = [await erp.post("/work-items/bulk", json=bulk, headers={"Idempotency-Key": "k2"}) for _ in range(2)]
    assert [line["id"] for line in one.json()["items"]] == [line["id"] for line in two.json()["items"]]
    assert len((await erp.get("/work-items")).json()["items"]) == 4


async def test_ten_thousand_in_one_call(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    items: list[Json] = [{"kind": "chat", "queue": "sales", "reference": f"r{n}"} for n in range(10_000)]
    items[17] = {"kind": "chat", "queue": "none"}
    items[18] = {"kind": "chat", "queue": "sales", "priority": "high"}
    items[19] = {"kind": "chat", "queue": "sales", "reference": "r0"}
    answer = (await erp.post("/work-items/bulk", json={"items": items}, timeout=200)).json()
    assert answer["taken"] == 9_997
    assert [line["index"] for line in answer["items"]] == list(range(10_000))
    wrong = {line["index"]: line["problem"] for line in answer["items"] if line["problem"]}
    assert {place: (one["slug"], one["field"]) for place, one in wrong.items()} == {
        17: ("unknown-queue", "queue"),
        18: ("invalid-input", "priority"),
        19: ("reference-taken", "reference"),
    }
    assert wrong[19]["item_id"] == answer["items"][0]["id"]
    board = await engine.application.router.board_view(org)
    assert board.queues["sales"].waiting == 9_997
    over = await erp.post("/work-items/bulk", json={"items": [items[0]] * 10_001})
    assert over.json()["slug"] == "invalid-input"


async def test_a_bulk_that_was_cut_off_goes_on_where_it_stopped(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    body: Json = {"items": [{"kind": "chat", "queue": "sales"} for _ in range(600)]}
    key = {"Idempotency-Key": "k"}
    begun = asyncio.create_task(erp.post("/work-items/bulk", json=body, headers=key))
    await eventually(lambda: engine.application.store.work.list(org, limit=1))
    begun.cancel()
    await asyncio.gather(begun, return_exceptions=True)
    answer = (await erp.post("/work-items/bulk", json=body, headers=key)).json()
    assert answer["taken"] == 600
    assert len(await engine.application.store.work.open_items(org)) == 600


async def test_the_sweep_brings_what_a_crash_left_pending(engine: Engine, org: str) -> None:
    """Committed, and then the process died: as the bulk is between its two halves."""
    dispatch = engine.application.others.dispatch
    taken = await dispatch._keep(org, [Wanted(kind="chat", queue="sales")], request="", first=0)
    item = taken[0].item
    assert item is not None

    async def state() -> bool:
        return (await engine.application.store.work.get(org, item.id)).state is WorkState.QUEUED

    await eventually(state)


async def test_an_agent_gets_ends_and_finishes_generic_work(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    async with engine.served() as address:
        ana = await engine.signed_in("ana")
        async with agent_socket(address, ana) as socket:
            await socket.until("hello")
            await ana.post("/presence", {"status": "available"})
            item = (await erp.post("/work-items", json={"kind": "chat", "queue": "sales"})).json()
            assert item["state"] == "offered"
            taken = await ana.post(f"/offers/{item['id']}/accept", {"assignment": item["assignment"]})
            assert (taken.status_code, taken.json()["state"]) == (200, "active")
            done = await erp.post(f"/work-items/{item['id']}/end", json={"assignment": item["assignment"]})
            assert (done.status_code, done.json()["state"]) == (200, "wrapup"), done.text
            over = await ana.post(
                f"/work-items/{item['id']}/wrap-up", {"assignment": item["assignment"], "disposition": "solved"}
            )
            assert over.json()["state"] == "closed"


async def test_what_waits_is_changed_and_taken_back(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    item = (await erp.post("/work-items", json={"kind": "chat", "queue": "sales"})).json()
    changed = await erp.patch(f"/work-items/{item['id']}", json={"priority": 9})
    assert (changed.status_code, changed.json()["priority"]) == (200, 9), changed.text
    assert (await erp.patch(f"/work-items/{item['id']}", json={"queue": "none"})).json()["slug"] == "unknown-queue"
    for _ in range(2):
        gone = await erp.delete(f"/work-items/{item['id']}")
        assert (gone.status_code, gone.json()["state"]) == (200, "closed")
    events = (await erp.get(f"/work-items/{item['id']}/events")).json()["items"]
    assert events[-1]["kind"] == EventKind.ABANDONED.value
    assert events[-1]["data"]["reason"] == "cancelled"
    assert (await erp.delete("/work-items/none")).json()["slug"] == "unknown-item"


async def test_a_scope_opens_what_it_names_and_nothing_else(engine: Engine, org: str) -> None:
    reader = await system(engine, Scope.WORK_READ)
    assert (await reader.get("/work-items")).status_code == 200
    for method, path in (
        ("POST", "/work-items"),
        ("POST", "/queues/sales/pause"),
        ("GET", "/cases"),
        ("GET", "/board"),
        ("GET", "/users"),
        ("GET", "/organisation"),
    ):
        answer = await reader.request(method, path, json={"kind": "chat", "queue": "sales"})
        assert (answer.status_code, answer.json()["slug"]) == (403, "forbidden"), path
    ada = await engine.signed_in("ada")
    user_id = (await ada.get("/me")).json()["user"]["id"]
    refused = await ada.post("/tokens", {"name": "x", "scopes": ["work:read"], "user_id": user_id})
    assert refused.json()["field"] == "user_id"
    ana = await engine.signed_in("ana")
    assert (await ana.post("/work-items", {"kind": "chat", "queue": "sales"})).status_code == 403


async def test_what_is_scheduled_waits_for_its_time(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    at = datetime.now(tz=UTC) + timedelta(seconds=1)
    item = (
        await erp.post("/work-items", json={"kind": "chat", "queue": "sales", "not_before_at": at.isoformat()})
    ).json()
    assert item["state"] == "scheduled"

    async def waits() -> bool:
        return bool((await erp.get(f"/work-items/{item['id']}")).json()["state"] == "queued")

    await eventually(waits)
    assert datetime.now(tz=UTC) >= at


async def test_everything_it_asks_for_is_changed(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    ana = await engine.signed_in("ana")
    ana_id = (await ana.get("/me")).json()["user"]["id"]
    item = (await erp.post("/work-items", json={"kind": "chat", "queue": "sales", "skills": {"english": 3}})).json()
    asked: Json = {
        "queue": "support",
        "skills": {"billing": 2},
        "preferred_skills": {"english": 4},
        "due_at": "2030-01-01T00:00:00.000Z",
        "preferred_agent": ana_id,
        "priority": 3,
    }
    changed = await erp.patch(f"/work-items/{item['id']}", json=asked)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in asked} == asked
    required = await erp.patch(f"/work-items/{item['id']}", json={"preferred_required": True})
    assert (required.json()["preferred_required"], required.json()["preferred_agent"]) == (True, ana_id)
    nothing = await erp.patch(f"/work-items/{item['id']}", json={})
    assert nothing.json()["queue"] == "support"


async def test_work_is_picked_assigned_parked_and_resumed(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    async with engine.served() as address:
        ana = await engine.signed_in("ana")
        ana_id = (await ana.get("/me")).json()["user"]["id"]
        async with agent_socket(address, ana) as socket:
            await socket.until("hello")
            await system_pauses(engine, "pause")
            await ana.post("/presence", {"status": "available"})
            first = (await erp.post("/work-items", json={"kind": "chat", "queue": "sales"})).json()
            assert first["state"] == "queued", "a paused queue hands nothing out"
            picked = await ana.post(f"/work-items/{first['id']}/pick")
            assert (picked.status_code, picked.json()["state"], picked.json()["agent_id"]) == (200, "active", ana_id)
            hard = {"kind": "chat", "queue": "sales", "skills": {"billing": 9}}
            second = (await erp.post("/work-items", json=hard)).json()
            assert (await ana.post(f"/work-items/{second['id']}/pick")).json()["slug"] == "not-qualified"
            placed = await erp.post(f"/work-items/{second['id']}/assign", json={"agent_id": ana_id})
            assert (placed.status_code, placed.json()["agent_id"]) == (200, ana_id), placed.text
            parked = await ana.post(
                f"/work-items/{first['id']}/park", {"assignment": picked.json()["assignment"], "why": "asks at home"}
            )
            assert (parked.status_code, parked.json()["state"]) == (200, "parked"), parked.text
            resumed = await erp.post(f"/work-items/{first['id']}/resume")
            assert (resumed.json()["state"], resumed.json()["preferred_agent"]) == ("queued", ana_id)
            await system_pauses(engine, "resume")
            offer = (await socket.state(offers=1))["offers"][0]
            assert offer["item_id"] == first["id"]


async def test_a_drained_queue_takes_nothing_in(engine: Engine, org: str) -> None:
    erp = await writer(engine)
    before = (await erp.post("/work-items", json={"kind": "chat", "queue": "sales"})).json()
    await system_pauses(engine, "drain")
    refused = await erp.post("/work-items", json={"kind": "chat", "queue": "sales"})
    assert (refused.status_code, refused.json()["slug"]) == (409, "queue-closed"), refused.text
    kept = (await erp.get(f"/work-items/{refused.json()['item_id']}")).json()
    assert kept["state"] == "closed"
    bulk = (await erp.post("/work-items/bulk", json={"items": [{"kind": "chat", "queue": "sales"}] * 2})).json()
    assert [line["problem"]["slug"] for line in bulk["items"]] == ["queue-closed"] * 2
    assert (await erp.get(f"/work-items/{before['id']}")).json()["state"] == "queued"
    await system_pauses(engine, "resume")
    assert (await erp.post("/work-items", json={"kind": "chat", "queue": "sales"})).status_code == 201
    assert (await engine.application.store.routing.queue_states(org))["sales"].mode == "open"


async def system_pauses(engine: Engine, word: str) -> None:
    client = await system(engine, Scope.QUEUES_WRITE)
    assert (await client.post(f"/queues/sales/{word}")).status_code == 204
    assert (await client.post("/queues/none/pause")).status_code == 404
