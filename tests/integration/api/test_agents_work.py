"""The router's further rules as agents meet them: automatic accept, several offers, picks, consults, parked work."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.organisation import Accept, CapacityProfile, ChannelCapacity, Organisation, Queue
from tests.integration.api.engine_under_test import (
    Browser,
    Engine,
    Socket,
    agent_socket,
    running_engine,
    staffed_organisation,
    visitor,
)

Json = dict[str, Any]


@dataclass
class Desk:
    """An agent with his socket."""

    browser: Browser
    socket: Socket
    user_id: str

    async def do(self, path: str, expected: int = 200, /, **body: object) -> Json:
        answer = await self.browser.post(path, body)
        assert answer.status_code == expected, answer.text
        return dict(answer.json()) if answer.content else {}

    async def has(self, state: str) -> Json:
        """Wait until the only item he has is in a state."""
        while True:
            item = (await self.socket.state(items=1))["items"][0]
            if item["state"] == state:
                return dict(item)


@contextlib.asynccontextmanager
async def sitting(engine: Engine, address: str, login: str, status: str = "available") -> AsyncIterator[Desk]:
    browser = await engine.signed_in(login)
    async with agent_socket(address, browser) as socket:
        hello = await socket.until("hello")
        desk = Desk(browser, socket, hello["user"]["id"])
        await desk.do("/presence", 204, status=status)
        yield desk


def organisation(org: str, **sales: object) -> Organisation:
    queues = {
        "sales": Queue(key="sales", name="Sales", wrapup_extensions=1, wrapup_extend_ms=20_000, **sales),  # type: ignore[arg-type]
        "support": Queue(key="support", name="Support", limit_items=1, wrapup_ms=0),
    }
    chat = ChannelCapacity(parked_maximum=2)
    profiles = {
        "standard": CapacityProfile(key="standard", units=1, channels={"chat": chat, "task": ChannelCapacity()})
    }
    statuses = dict(staffed_organisation(org).statuses)
    statuses["available"] = replace(statuses["available"], channels=frozenset({"chat", "task"}))
    reasons = (("tea", "Tea time"),)
    return staffed_organisation(org, queues=queues, profiles=profiles, statuses=statuses, decline_reasons=reasons)


@pytest.fixture
async def engine(
    tmp_path: Path, valkey_address: str, org: str, request: pytest.FixtureRequest
) -> AsyncIterator[Engine]:
    sales = getattr(request, "param", {})
    async with running_engine(tmp_path / "data", valkey_address, [organisation(org, **sales)]) as running:
        yield running


@pytest.mark.parametrize("engine", [{"accept": Accept.AUTOMATIC}], indirect=True)
async def test_work_accepted_automatically_is_there_by_itself(engine: Engine, org: str) -> None:
    async with engine.served() as address, sitting(engine, address, "ana") as ana, visitor(address, org) as vera:
        item = await ana.has("active")
        shown = await ana.socket.until("conversation")
        assert shown["interaction"]["id"] == vera.interaction_id
        kinds = [one["kind"] for one in shown["entries"]]
        assert kinds == ["message", "joined"], "in the record before it was shown"
        assert all(not one["offers"] for one in ana.socket.seen if one["type"] == "state")
        record = (await ana.browser.get(f"/work-items/{item['item_id']}")).json()
        assert (record["state"], record["agent_id"]) == ("active", ana.user_id)
        while (await vera.socket.until("entry"))["entry"]["kind"] != "joined":
            pass


@pytest.mark.parametrize("engine", [{"offer_to": 2}], indirect=True)
async def test_the_slower_of_two_is_told_why_his_offer_is_gone(engine: Engine, org: str) -> None:
    async with (
        engine.served() as address,
        sitting(engine, address, "ana") as ana,
        sitting(engine, address, "ben") as ben,
        visitor(address, org),
    ):
        (one,) = (await ana.socket.state(offers=1))["offers"]
        (other,) = (await ben.socket.state(offers=1))["offers"]
        assert one["assignment"] != other["assignment"]
        await ben.do(f"/offers/{other['item_id']}/accept", assignment=other["assignment"])
        gone = await ana.socket.until("withdrawn")
        assert (gone["item_id"], gone["assignment"], gone["reason"]) == (one["item_id"], one["assignment"], "taken")
        await ana.socket.state(offers=0, items=0)
        assert not [frame for frame in ben.socket.seen if frame["type"] == "withdrawn"]


async def test_an_agent_picks_what_waits_and_parks_it(engine: Engine, org: str) -> None:
    async with (
        engine.served() as address,
        sitting(engine, address, "ana", "break") as ana,
        visitor(address, org) as vera,
    ):
        await ana.socket.send("watch", topic="waiting")
        seen = await ana.socket.until("waiting")
        while not seen["items"]:
            seen = await ana.socket.until("waiting")
        (one,) = seen["items"]
        assert (one["queue"], one["name"], one["topic"], seen["more"]) == ("sales", "Vera", "order", False)
        await ana.do(f"/work-items/{one['item_id']}/pick")
        item = await ana.has("active")
        assert item["can_park"]
        assert (await ana.socket.until("waiting"))["items"] == []
        await ana.do(f"/work-items/{item['item_id']}/park", assignment=item["assignment"])
        await ana.has("parked")
        refused = await ana.browser.post(
            f"/interactions/{vera.interaction_id}/entries", {"client_id": "x", "body": "Hello?"}
        )
        assert refused.json()["slug"] == "not-yours"
        await ana.do("/presence", 204, status="available")
        await ana.do(f"/work-items/{item['item_id']}/resume")
        (offer,) = (await ana.socket.state(offers=1))["offers"]
        await ana.do(f"/offers/{offer['item_id']}/decline", 400, assignment=offer["assignment"], reason="whim")
        await ana.do(f"/offers/{offer['item_id']}/decline", 204, assignment=offer["assignment"], reason="tea")


async def test_parked_work_does_not_keep_anybody_from_going_home(engine: Engine, org: str) -> None:
    async with engine.served() as address, sitting(engine, address, "ana") as ana, visitor(address, org):
        item = await taken(ana)
        await ana.do(f"/work-items/{item['item_id']}/park", assignment=item["assignment"])
        await ana.has("parked")
        await ana.do("/sign-out", 204)


async def taken(desk: Desk) -> Json:
    (offer,) = (await desk.socket.state(offers=1))["offers"]
    await desk.do(f"/offers/{offer['item_id']}/accept", assignment=offer["assignment"])
    return await desk.has("active")


async def test_a_wrap_up_is_given_more_time_once(engine: Engine, org: str) -> None:
    async with engine.served() as address, sitting(engine, address, "ana") as ana, visitor(address, org):
        item = await taken(ana)
        command = {"assignment": item["assignment"]}
        await ana.do(f"/work-items/{item['item_id']}/end", **command)
        before = await ana.has("wrapup")
        assert (before["extensions_left"], before["extend_ms"]) == (1, 20_000)
        await ana.do(f"/work-items/{item['item_id']}/extend-wrap-up", **command)
        await ana.socket.send("look")
        after = await ana.has("wrapup")
        assert after["extensions_left"] == 0
        assert after["deadline"] > before["deadline"]
        await ana.do(f"/work-items/{item['item_id']}/extend-wrap-up", 409, **command)


async def test_a_full_queue_refuses_before_the_agent_lets_go_and_a_colleague_gets_it(engine: Engine, org: str) -> None:
    async with engine.served() as address, sitting(engine, address, "ana") as ana, visitor(address, org):
        item = await taken(ana)
        sue = await engine.signed_in("sue")
        assert (await sue.post("/queues/support/drain")).status_code == 204
        path, command = f"/work-items/{item['item_id']}/transfer", {"assignment": item["assignment"]}
        refused = await ana.do(path, 409, **command, queue="support")
        assert refused["slug"] == "queue-closed"
        assert (await ana.browser.get(f"/work-items/{item['item_id']}")).json()["agent_id"] == ana.user_id
        await ana.do(path, 400, **command)
        async with sitting(engine, address, "ben") as ben:
            found = (await ana.browser.get("/destinations")).json()
            assert [one["id"] for one in found["agents"]] == [ben.user_id]
            assert {one["key"]: one["mode"] for one in found["queues"]} == {"sales": "open", "support": "draining"}
            await ana.do(path, **command, agent_id=ben.user_id, note="Yours")
            theirs = await taken(ben)
            assert theirs["item_id"] == item["item_id"]
            await ana.socket.state(items=0)


async def test_a_colleague_is_asked_and_answers_in_notes(engine: Engine, org: str) -> None:
    async with (
        engine.served() as address,
        sitting(engine, address, "ana") as ana,
        visitor(address, org) as vera,
    ):
        item = await taken(ana)
        async with sitting(engine, address, "ben") as ben:
            asked = {"assignment": item["assignment"], "client_id": "q1", "agent_id": ben.user_id, "question": "May I?"}
            consult = await ana.do(f"/work-items/{item['item_id']}/consults", 201, **asked)
            again = await ana.do(f"/work-items/{item['item_id']}/consults", 201, **asked)
            assert (again["id"], consult["parent_id"]) == (consult["id"], item["item_id"])
            (offer,) = (await ben.socket.state(offers=1))["offers"]
            assert offer["contact"]["name"] == "Ana"
            await ben.do(f"/offers/{offer['item_id']}/accept", assignment=offer["assignment"])
            theirs = await ben.has("active")
            assert (theirs["interaction_id"], theirs["work"]["parent_id"]) == (vera.interaction_id, item["item_id"])
            shown = await ben.socket.until("conversation")
            assert [one["body"] for one in shown["entries"] if one["kind"] == "note"] == ["May I?"]
            note = {"interaction_id": vera.interaction_id, "client_id": "n1", "body": "You may", "note": True}
            await ben.socket.send("message", **note, consult_id=consult["id"])
            await ben.socket.until("ack", client_id="n1")
            heard = await ana.socket.until("entry")
            while heard["entry"]["body"] != "You may":
                heard = await ana.socket.until("entry")
            assert heard["entry"]["data"] == {"consult_id": consult["id"]}
            await ben.socket.send("message", **{**note, "client_id": "n2", "note": False})
            assert (await ben.socket.until("error"))["slug"] == "not-yours"
            await ana.do(f"/work-items/{consult['id']}/end-consult")
            await ben.socket.state(items=0)
            again = await ana.do(f"/work-items/{item['item_id']}/consults", 201, **{**asked, "client_id": "q2"})
            await ben.socket.state(offers=1)
            await ana.do(f"/work-items/{item['item_id']}/end", assignment=item["assignment"])
            await ben.socket.state(offers=0)
        assert not [one for one in vera.socket.seen if "May I?" in str(one) or "You may" in str(one)]
        vera_kinds = [one["entry"]["kind"] for one in vera.socket.seen if one["type"] == "entry"]
        assert "left" not in vera_kinds


async def test_work_without_a_conversation_is_offered_too(engine: Engine, org: str) -> None:
    async with engine.served() as address, sitting(engine, address, "ana") as ana:
        sue = await engine.signed_in("sue")
        made = await sue.post(
            "/work-items", {"kind": "task", "queue": "sales", "reference": "INV-1", "attributes": {"amount": 7}}
        )
        assert made.status_code == 201, made.text
        item = await taken(ana)
        work = {"kind": "task", "reference": "INV-1", "details": {"amount": "7"}, "parent_id": "", "asked_by": ""}
        work["case_id"] = ""
        assert (item["kind"], item["work"]) == ("task", work)
