"""The agent's socket: who may open it, what it resumes, and whom it cuts off."""

import asyncio
import base64
import json
import secrets
import socket
import struct

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from engine.agents import outbox
from tests.integration.api.engine_under_test import Browser, Engine, Socket, agent_socket, visitor
from tests.servers import eventually


async def held(engine: Engine, address: str, ana: Browser, link: Socket) -> None:
    """Accept the one offer."""
    offer = (await link.state(offers=1))["offers"][0]
    await ana.post(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})


async def refusal(address: str, first: str | None, **headers: str) -> tuple[str, int]:
    """Open a socket, send ``first``, return the error's slug and the close code."""
    async with connect(f"ws://{address}/api/v1/agent/socket", additional_headers=headers, proxy=None) as connection:
        if first is not None:
            await connection.send(first)
        slug = json.loads(await connection.recv())["slug"]
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        return slug, closed.value.rcvd.code


async def test_only_who_is_signed_in_gets_in(engine: Engine) -> None:
    async with engine.served() as address:
        assert await refusal(address, None, Cookie="cordboard_session=nonsense") == ("unauthenticated", 1008)
        assert await refusal(address, '{"type": "hello", "v": 1}') == ("unauthenticated", 1008)
        assert await refusal(address, '{"type": "hello", "v": 1, "token": "cbt_x"}') == ("unauthenticated", 1008)
        assert await refusal(address, '{"type": "heartbeat"}') == ("out-of-order", 1008)
        assert await refusal(address, "not json") == ("bad-frame", 1008)


async def test_foreign_pages_do_not_even_get_a_socket(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address:
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"ws://{address}/api/v1/agent/socket",
                additional_headers={"Cookie": ana.cookie},
                origin=Origin("https://evil.example"),
                proxy=None,
            )
        assert refused.value.response.status_code == 403


async def test_sockets_that_open_at_once_are_counted_too(engine: Engine) -> None:
    engine = engine.with_settings(sockets_per_user=3)
    ana = await engine.signed_in("ana")

    async def opened(address: str) -> str:
        async with agent_socket(address, ana) as link:
            frame = await link.receive()
            opened_all.append(frame["type"])
            await eventually(lambda: len(opened_all) == 12)
            return str(frame.get("slug", frame["type"]))

    opened_all: list[str] = []
    async with engine.served() as address:
        answers = await asyncio.gather(*(opened(address) for _ in range(12)))
    assert sorted(answers) == ["hello"] * 3 + ["too-many-sockets"] * 9


async def test_a_token_opens_a_socket_for_its_user(engine: Engine) -> None:
    admin = await engine.signed_in("ada")
    users = {one["login"]: one["id"] for one in (await admin.get("/users")).json()["items"]}
    made = (await admin.post("/tokens", {"name": "bot", "user_id": users["ana"]})).json()
    nobodys = (await admin.post("/tokens", {"name": "nobody"})).json()
    async with engine.served() as address:
        async with connect(f"ws://{address}/api/v1/agent/socket", proxy=None) as connection:
            bot = Socket(connection)
            await bot.send("hello", v=1, token=made["secret"])
            hello = await bot.until("hello")
            assert hello["user"]["id"] == users["ana"]
            assert {one["key"] for one in hello["statuses"]} == {"available", "break", "offline"}
            await bot.until("state")
        frame = json.dumps({"type": "hello", "v": 1, "token": nobodys["secret"]})
        assert (await refusal(address, frame))[0] == "forbidden"


async def test_a_bad_frame_ends_the_socket_and_nothing_else(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as good, agent_socket(address, ana) as bad:
        await bad.until("hello")
        await bad.connection.send('{"type": "dance"}')
        assert (await bad.until("error"))["slug"] == "bad-frame"
        assert await bad.closed() == 1008
        await good.send("heartbeat")
        await good.until("pong")


async def test_a_refused_message_is_named_and_the_socket_stays(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as link:
        await link.until("hello")
        await link.send("message", interaction_id="no-such", client_id="c1", body="Hello")
        error = await link.until("error")
        assert (error["slug"], error["client_id"]) == ("unknown-interaction", "c1")
        await link.send("typing", interaction_id="no-such", on=True)
        assert (await link.until("error"))["slug"] == "not-yours"
        await link.send("message", interaction_id="no-such", client_id="c2", body="x" * 17_000)
        assert (await link.until("error"))["client_id"] == "c2"
        await link.connection.send("x" * 70_000)
        assert (await link.until("error"))["slug"] == "too-large"


async def test_what_was_said_meanwhile_is_there_after_a_reconnect(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as first:
        await ana.post("/presence", {"status": "available"})
        async with visitor(address, org) as vera:
            await held(engine, address, ana, first)
            await first.until("conversation")
            await first.connection.close()
            for number in range(5):
                await vera.say(f"Anybody there? {number}")
            async with agent_socket(address, ana) as second:
                shown = await second.until("conversation")
                seqs = [one["seq"] for one in shown["entries"]]
                assert seqs == list(range(1, len(seqs) + 1))
                bodies = [one["body"] for one in shown["entries"] if one["kind"] == "message"]
                assert bodies[-5:] == [f"Anybody there? {number}" for number in range(5)]

                await vera.say("At last")
                entry = await second.until("entry")
                assert entry["entry"]["seq"] == seqs[-1] + 1
                await second.send("sync", interaction_id=vera.interaction_id, after_seq=0)
                again = [(await second.until("entry"))["entry"]["seq"] for _ in range(entry["entry"]["seq"])]
                assert again == list(range(1, entry["entry"]["seq"] + 1))


async def test_a_message_sent_again_is_the_same_message(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as link:
        await ana.post("/presence", {"status": "available"})
        async with visitor(address, org) as vera:
            await held(engine, address, ana, link)
            await link.until("conversation")
            acks = []
            for _ in range(3):
                await link.send("message", interaction_id=vera.interaction_id, client_id="same", body="Once only")
                acks.append(await link.until("ack"))
            assert len({one["seq"] for one in acks}) == 1
            entries = (await ana.get(f"/interactions/{vera.interaction_id}/entries")).json()["items"]
            assert [one["body"] for one in entries].count("Once only") == 1


async def test_typing_receipts_and_presence_pass_both_ways(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as link:
        await ana.post("/presence", {"status": "available"})
        async with visitor(address, org) as vera:
            await held(engine, address, ana, link)
            await link.until("conversation")
            await link.send("typing", interaction_id=vera.interaction_id, on=True)
            assert (await vera.socket.until("typing"))["on"] is True
            await vera.socket.send("typing", on=True)
            heard = await link.until("typing")
            assert (heard["who"], heard["interaction_id"]) == ("visitor", vera.interaction_id)
            await link.send("read", interaction_id=vera.interaction_id, seq=1)
            await vera.socket.until("receipt")
            await vera.socket.send("read", seq=1)
            while (await link.until("receipt"))["read_seq"] != 1:
                pass
            await vera.socket.connection.close()
            assert (await link.until("visitor"))["online"] is False


async def test_two_tabs_show_the_same(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as one, agent_socket(address, ana) as two:
        await ana.post("/presence", {"status": "available"})
        async with visitor(address, org) as vera:
            await held(engine, address, ana, one)
            for tab in (one, two):
                await tab.until("conversation")
            await one.send("message", interaction_id=vera.interaction_id, client_id="c", body="From the first tab")
            for tab in (one, two):
                while (await tab.until("entry"))["entry"]["body"] != "From the first tab":
                    pass
            await one.connection.close()
            state = (await ana.get("/me")).status_code
            assert state == 200
            await vera.say("Still here?")
            while (await two.until("entry"))["entry"]["body"] != "Still here?":
                pass


async def test_a_slow_consumer_is_cut_off_and_resumes(
    engine: Engine, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox.Outbox.__init__, "__kwdefaults__", {"max_frames": 20, "max_characters": 4_194_304})
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as link:
        await ana.post("/presence", {"status": "available"})
        async with visitor(address, org) as vera:
            await held(engine, address, ana, link)
            await link.until("conversation")
            slow = await stalled_socket(address, ana)
            try:
                await eventually(lambda: len(engine.application.floor) == 2)
                note = "n" * 12_000
                for number in range(400):
                    await link.send(
                        "message", interaction_id=vera.interaction_id, client_id=f"n{number}", body=note, note=True
                    )
                    await link.until("ack")
                    if len(engine.application.floor) == 1:
                        break
                await eventually(lambda: closed_1013(engine))
                assert len(engine.application.floor) == 1, "the slow one is gone, the other stays"
            finally:
                slow.close()
            async with agent_socket(address, ana) as resumed:
                shown = await resumed.until("conversation")
                assert shown["entries"][-1]["client_id"].startswith("n")


def closed_1013(engine: Engine) -> bool:
    lines = engine.parts.metrics.text().decode().splitlines()
    return 'cordboard_socket_closes_total{code="1013",kind="agent"} 1.0' in lines


async def test_an_offer_is_accepted_over_the_socket(engine: Engine, org: str) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as link:
        await ana.post("/presence", {"status": "available"})
        async with visitor(address, org) as vera:
            offer = (await link.state(offers=1))["offers"][0]
            named = {"item_id": offer["item_id"], "assignment": offer["assignment"]}
            await link.send("accept", **named, client_id="a1")
            assert await link.until("accepted") == {"type": "accepted", "client_id": "a1", **named}
            item = (await ana.get(f"/work-items/{offer['item_id']}")).json()
            assert (item["state"], item["assignment"]) == ("active", offer["assignment"])
            assert (await link.until("conversation"))["interaction"]["id"] == vera.interaction_id
            await link.send("accept", **named, client_id="a2")  # a repeat, after the answer was lost
            assert (await link.until("accepted"))["client_id"] == "a2"
            again = await ana.post(f"/offers/{offer['item_id']}/accept", {"assignment": offer["assignment"]})
            assert again.status_code == 200


async def test_an_offer_that_is_not_mine_is_refused_over_the_socket_as_over_http(engine: Engine, org: str) -> None:
    ana, ben = await engine.signed_in("ana"), await engine.signed_in("ben")
    async with engine.served() as address, agent_socket(address, ana) as anas, agent_socket(address, ben) as bens:
        await ana.post("/presence", {"status": "available"})
        async with visitor(address, org):
            offer = (await anas.state(offers=1))["offers"][0]
            wrong = (
                (bens, ben, offer["item_id"], offer["assignment"]),
                (anas, ana, offer["item_id"], offer["assignment"] + 7),
                (anas, ana, "no-such-item", 1),
            )
            for link, browser, item_id, assignment in wrong:
                await link.send("accept", item_id=item_id, assignment=assignment, client_id="c")
                error = await link.until("error")
                answer = await browser.post(f"/offers/{item_id}/accept", {"assignment": assignment})
                assert answer.status_code >= 400
                assert (error["slug"], error["client_id"]) == (answer.json()["slug"], "c")
            await anas.send("heartbeat")
            await anas.until("pong")


async def stalled_socket(address: str, browser: Browser) -> socket.socket:
    """Shake hands as a WebSocket client, say hello, and never read again."""
    host, port = address.split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    request = (
        f"GET /api/v1/agent/socket HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
        f"Cookie: {browser.cookie}\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    body = json.dumps({"type": "hello", "v": 1}).encode()
    await loop.sock_sendall(raw, struct.pack("!BB", 0x81, 0x80 | len(body)) + b"\0\0\0\0" + body)
    return raw


async def test_logging_out_closes_the_sockets_of_that_session(engine: Engine) -> None:
    here, there = await engine.signed_in("ana"), await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, here) as one, agent_socket(address, there) as two:
        for link in (one, two):
            await link.until("state")
        await here.post("/logout")
        assert await one.closed() == 1008
        await two.send("heartbeat")
        await two.until("pong")


async def test_draining_closes_with_1012(engine: Engine) -> None:
    ana = await engine.signed_in("ana")
    async with engine.served() as address, agent_socket(address, ana) as link:
        await link.until("state")
        engine.application.drain()
        engine.application.floor.stop_all()
        assert await link.closed() == 1012
        async with agent_socket(address, ana) as late:
            assert await late.closed() == 1012
        async with engine.http() as http:
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "draining")


async def test_an_agent_whose_sockets_are_gone_gets_no_offer(engine: Engine, org: str) -> None:
    ana, ben = await engine.signed_in("ana"), await engine.signed_in("ben")
    async with engine.served() as address, agent_socket(address, ben) as bens:
        await bens.until("hello")
        async with agent_socket(address, ana) as anas:
            await anas.until("hello")
            await ana.post("/presence", {"status": "available"})
            async with visitor(address, org):
                offer = (await anas.state(offers=1))["offers"][0]
                await anas.connection.close()
                await ben.post("/presence", {"status": "available"})
                moved = (await bens.state(offers=1))["offers"][0]
                assert moved["item_id"] == offer["item_id"]
                assert moved["assignment"] > offer["assignment"]
