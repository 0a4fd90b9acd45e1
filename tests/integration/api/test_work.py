"""One conversation's work, from offer to disposition, as the API and the agents' sockets tell it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tests.integration.api.engine_under_test import Browser, Engine, Socket, Visitor, agent_socket, visitor


@dataclass
class Scene:
    """An agent who is there, and an address to meet at."""

    engine: Engine
    address: str
    ana: Browser
    socket: Socket

    async def take(self, item_id: str, assignment: int) -> None:
        answer = await self.ana.post(f"/offers/{item_id}/accept", {"assignment": assignment})
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "active"


@contextlib.asynccontextmanager
async def scene(engine: Engine) -> AsyncIterator[Scene]:
    async with engine.served() as address:
        ana = await engine.signed_in("ana")
        async with agent_socket(address, ana) as socket:
            await socket.until("hello")
            assert (await ana.post("/presence", {"status": "available"})).status_code == 204
            yield Scene(engine=engine, address=address, ana=ana, socket=socket)


@contextlib.asynccontextmanager
async def conversation(engine: Engine, org: str) -> AsyncIterator[tuple[Scene, Visitor, str, int]]:
    """Bring ana and a visitor together: yields scene, visitor, work item and assignment."""
    async with scene(engine) as here, visitor(here.address, org) as vera:
        offer = (await here.socket.state(offers=1))["offers"][0]
        await here.take(offer["item_id"], offer["assignment"])
        await here.socket.until("conversation")
        yield here, vera, offer["item_id"], offer["assignment"]


async def test_an_offer_tells_what_it_is_about(engine: Engine, org: str) -> None:
    async with scene(engine) as here, visitor(here.address, org, body="Where is  my\norder?") as vera:
        (offer,) = (await here.socket.state(offers=1))["offers"]
        assert offer["preview"] == "Where is my order?"
        assert offer["contact"] == {"name": "Vera"}
        assert offer["interaction"] == {"id": vera.interaction_id, "channel": "web", "topic": "order", "locale": "en"}
        assert offer["offered_at"] < offer["expires_at"]


async def test_a_conversation_is_accepted_held_ended_and_wrapped_up(engine: Engine, org: str) -> None:
    async with conversation(engine, org) as (here, vera, item_id, assignment):
        shown = next(one for one in here.socket.seen if one["type"] == "conversation")
        assert shown["interaction"]["id"] == vera.interaction_id
        assert shown["contact"]["email"] == "vera@example.com"
        assert shown["entries"][0]["body"] == "Hello"

        again = await here.ana.post(f"/offers/{item_id}/accept", {"assignment": assignment})
        assert again.status_code == 200, "a repeated accept is harmless"

        await here.socket.send(
            "message", interaction_id=vera.interaction_id, client_id="a1", body="Good day", note=False
        )
        ack = await here.socket.until("ack", client_id="a1")
        assert ack["interaction_id"] == vera.interaction_id
        heard = await vera.socket.until("entry")
        while heard["entry"]["kind"] != "message" or heard["entry"]["author"] != "agent":
            heard = await vera.socket.until("entry")
        assert heard["entry"]["body"] == "Good day"

        ended = await here.ana.post(f"/work-items/{item_id}/end", {"assignment": assignment})
        assert ended.json()["state"] == "wrapup"
        await vera.socket.until("ended")
        held = (await here.socket.state(items=1))["items"][0]
        while held["state"] != "wrapup":
            held = (await here.socket.state(items=1))["items"][0]
        assert held["deadline"] is not None

        unknown = await here.ana.post(f"/work-items/{item_id}/wrap-up", {"assignment": assignment, "disposition": "x"})
        assert (unknown.status_code, unknown.json()["slug"]) == (400, "unknown-disposition")
        body = {"assignment": assignment, "disposition": "solved", "note": "all well"}
        done = await here.ana.post(f"/work-items/{item_id}/wrap-up", body)
        assert done.json()["state"] == "closed"
        assert (await here.ana.post(f"/work-items/{item_id}/wrap-up", body)).status_code == 200, "repeated"
        state = await here.socket.state(items=0)
        assert state["load"]["used"] == 0

        # The case policy of the channel is "end": the agent hears of it in wrap-up.
        case = await here.socket.until("case") if not _case_of(here.socket) else _case_of(here.socket)
        assert case is not None
        kinds = [one["kind"] for one in (await here.ana.get(f"/work-items/{item_id}/events")).json()["items"]]
        assert kinds[0] == "enqueued"
        assert {"offered", "accepted", "ended", "closed"} <= set(kinds)


def _case_of(socket: Socket) -> dict[str, object] | None:
    return next((one for one in socket.seen if one["type"] == "case"), None)


async def test_a_declined_offer_goes_to_the_next(engine: Engine, org: str) -> None:
    async with scene(engine) as here:
        ben = await engine.signed_in("ben")
        async with agent_socket(here.address, ben) as bens, visitor(here.address, org):
            await bens.until("hello")
            offer = (await here.socket.state(offers=1))["offers"][0]
            await ben.post("/presence", {"status": "available"})
            path = f"/offers/{offer['item_id']}/decline"
            assert (await here.ana.post(path, {"assignment": offer["assignment"], "reason": "busy"})).status_code == 204
            await here.socket.state(offers=0)
            moved = (await bens.state(offers=1))["offers"][0]
            assert moved["item_id"] == offer["item_id"]
            late = await here.ana.post(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
            assert late.status_code in (403, 409)
            assert late.json()["slug"] in ("not-yours", "stale-assignment")


async def test_a_transfer_tells_the_next_agent_and_never_the_visitor(engine: Engine, org: str) -> None:
    async with conversation(engine, org) as (here, vera, item_id, assignment):
        ben = await engine.signed_in("ben")
        async with agent_socket(here.address, ben) as bens:
            await bens.until("hello")
            await ben.post("/presence", {"status": "available"})
            path = f"/work-items/{item_id}/transfer"
            wrong = await here.ana.post(path, {"assignment": assignment, "queue": "nowhere"})
            assert (wrong.status_code, wrong.json()["slug"]) == (400, "unknown-queue")
            body = {"assignment": assignment, "queue": "support", "note": "She is upset"}
            moved = await here.ana.post(path, body)
            assert moved.status_code == 200, moved.text
            assert moved.json()["queue"] == "support"
            await here.socket.state(items=0)
            offer = (await bens.state(offers=1))["offers"][0]
            assert offer["queue"] == "support"
            await ben.post(f"/offers/{item_id}/accept", {"assignment": offer["assignment"]})
            shown = await bens.until("conversation")
            kinds = [one["kind"] for one in shown["entries"]]
            assert "note" in kinds
            assert "transferred" in kinds
            refused = await here.ana.post(
                f"/interactions/{vera.interaction_id}/entries", {"client_id": "late", "body": "me again"}
            )
            assert (refused.status_code, refused.json()["slug"]) == (403, "not-yours")
            await vera.say("Still there?")
            await bens.until("entry")
        assert "She is upset" not in str(vera.socket.seen)
        assert "transferred" not in [one.get("entry", {}).get("kind") for one in vera.socket.seen]


async def test_signing_out_asks_what_becomes_of_open_work(engine: Engine, org: str) -> None:
    async with conversation(engine, org) as (here, vera, item_id, _):
        for path, body in (("/sign-out", {}), ("/presence", {"status": "offline"})):
            asked = await here.ana.post(path, body)
            assert (asked.status_code, asked.json()["slug"]) == (409, "open-work")
            assert [one["item_id"] for one in asked.json()["items"]] == [item_id]
        assert (await here.ana.post("/sign-out", {"open_work": "requeue"})).status_code == 204
        state = await here.socket.state(items=0)
        assert state["status"]["key"] == "offline"
        item = (await here.ana.get(f"/work-items/{item_id}")).json()
        assert item["state"] == "queued"
        await here.ana.post("/presence", {"status": "available"})
        again = (await here.socket.state(offers=1))["offers"][0]
        assert again["item_id"] == item_id
        await here.take(item_id, again["assignment"])
        assert (await here.ana.post("/sign-out", {"open_work": "end"})).status_code == 204
        await vera.socket.until("ended")


async def test_a_supervisor_acts_on_work_that_others_hold(engine: Engine, org: str) -> None:
    async with conversation(engine, org) as (here, vera, item_id, assignment):
        ben, sue = await engine.signed_in("ben"), await engine.signed_in("sue")
        body = {"assignment": assignment}
        refused = await ben.post(f"/work-items/{item_id}/end", body)
        assert (refused.status_code, refused.json()["slug"]) == (403, "not-yours")
        note = {"client_id": "n1", "body": "I am watching", "note": True}
        assert (await ben.post(f"/interactions/{vera.interaction_id}/entries", note)).status_code == 403
        assert (await sue.post(f"/interactions/{vera.interaction_id}/entries", note)).status_code == 201
        said = {"client_id": "m1", "body": "Hello from above"}
        assert (await sue.post(f"/interactions/{vera.interaction_id}/entries", said)).status_code == 403
        await here.socket.until("entry")
        ended = await sue.post(f"/work-items/{item_id}/end", body)
        assert ended.json()["state"] == "wrapup"
        assert ended.json()["agent_id"] != ""
        await vera.socket.until("ended")
        assert "I am watching" not in str(vera.socket.seen)


async def test_cases_are_read_changed_and_commented(engine: Engine, org: str) -> None:
    async with conversation(engine, org) as (here, vera, _, _):
        new = {"interaction_id": vera.interaction_id, "subject": "Late parcel"}
        made = await here.ana.post("/cases", new)
        assert made.status_code == 201
        case = made.json()
        assert (case["number"], case["contact_name"]) == (1, "Vera")
        assert (await here.ana.post("/cases", new)).json()["id"] == case["id"], "one case per conversation"
        await here.socket.until("case")

        me = (await here.ana.get("/me")).json()["user"]["id"]
        change = {"version": case["version"], "status": "open", "owner_id": me, "priority": 3}
        changed = (await here.ana.send("PATCH", f"/cases/{case['id']}", change)).json()
        assert (changed["status"], changed["owner_name"], changed["priority"]) == ("open", "Ana", 3)
        stale = await here.ana.send("PATCH", f"/cases/{case['id']}", change)
        assert (stale.status_code, stale.json()["slug"]) == (409, "stale-version")
        live = await here.socket.until("case")
        assert live["case"]["status"] == "open"

        for _ in range(2):
            await here.ana.post(f"/cases/{case['id']}/comments", {"client_id": "c1", "body": "Called the carrier"})
        detail = (await here.ana.get(f"/cases/{case['id']}")).json()
        assert detail["contact"]["name"] == "Vera"
        assert [one["interaction"]["id"] for one in detail["conversations"]] == [vera.interaction_id]
        lines = [one["event"]["kind"] if one["type"] == "event" else "interaction" for one in detail["timeline"]]
        assert lines.count("comment") == 1
        assert lines.count("interaction") == 1
        mine = await here.ana.get("/cases", owner="me", status="open", text="parcel")
        assert [one["id"] for one in mine.json()["items"]] == [case["id"]]
        assert (await here.ana.get("/cases", status="closed")).json()["items"] == []


async def test_contacts_and_conversations_are_found(engine: Engine, org: str) -> None:
    async with conversation(engine, org) as (here, vera, item_id, _):
        (contact,) = (await here.ana.get("/contacts", text="vera@")).json()["items"]
        detail = (await here.ana.get(f"/contacts/{contact['id']}")).json()
        assert [one["id"] for one in detail["interactions"]] == [vera.interaction_id]
        overview = (await here.ana.get(f"/interactions/{vera.interaction_id}")).json()
        assert overview["item"]["id"] == item_id
        assert overview["visitor"]["online"] is True
        assert [one["seq"] for one in overview["entries"]] == list(range(1, len(overview["entries"]) + 1))
        page = (await here.ana.get(f"/interactions/{vera.interaction_id}/entries", after_seq="1", limit="1")).json()
        assert [one["seq"] for one in page["items"]] == [2]
        explained = await here.ana.get(f"/work-items/{item_id}/explanation")
        assert explained.status_code == 200


async def test_the_board_moves(engine: Engine, org: str) -> None:
    async with conversation(engine, org) as (here, _, _, _):
        sue = await engine.signed_in("sue")
        async with agent_socket(here.address, sue) as watching:
            await watching.until("hello")
            await watching.send("watch", topic="board", on=True)

            frame = await watching.until("board")
            while not ana_is_busy(frame):
                frame = await watching.until("board")
            board = (await sue.get("/board")).json()
            assert {one["key"] for one in board["queues"]} == {"sales", "support"}
        await here.socket.send("watch", topic="board", on=True)
        refused = await here.socket.until("error")
        assert refused["slug"] == "forbidden"


def ana_is_busy(frame: dict[str, Any]) -> bool:
    queue = next(one for one in frame["queues"] if one["key"] == "sales")
    line = next((one for one in frame["agents"] if one["name"] == "Ana"), None)
    return queue["active"] == 1 and line is not None and line["used"] == 1 and line["connected"]
