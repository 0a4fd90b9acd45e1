"""Whatever one socket does, it gets a stable slug and a close, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.channels.chat.settings import ChatSettings
from tests.integration.chat.house import House, Visitor, new_token, running_house, until, visiting
from tests.servers import eventually


@pytest.fixture
async def house(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[House]:
    settings = ChatSettings(send_timeout_ms=500)
    async with running_house(org, valkey_address, tmp_path, settings=settings) as running:
        await running.staff()
        yield running


async def chats_on(eve: Visitor) -> None:
    assert (await eve.say("still here"))["seq"] > 0


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("not json", ("bad-frame", 1008)),
        ('{"type":"dance"}', ("bad-frame", 1008)),
        (b"\x00\x01", ("bad-frame", 1008)),
        ('{"type":"message","client_id":"c","body":"' + "x" * 20_000 + '"}', ("too-large", 1009)),
        ('{"type":"message","client_id":"c","body":"' + "x" * 5_000 + '"}', ("too-large", 1009)),
        ('{"type":"open","v":1,"token":"' + "a" * 43 + '"}', ("out-of-order", 1008)),
        ('{"type":"received","seq":99}', ("out-of-order", 1008)),
    ],
)
async def test_a_bad_frame_closes_its_socket_only(house: House, sent: str | bytes, expected: tuple[str, int]) -> None:
    token = new_token()
    async with visiting(house, token=token) as good, visiting(house, token=token) as bad, visiting(house) as other:
        await good.open("hello")
        await bad.resume()
        await other.open("hello")
        await bad.socket.send(sent)
        assert await bad.refused() == expected
        await chats_on(good)
        await chats_on(other)
    async with visiting(house, token=token) as again:
        await again.resume()
        await again.entry("still here")


async def test_a_frame_beyond_any_bound_is_cut_off_by_the_web_server(house: House) -> None:
    async with visiting(house) as bad:
        await bad.open("hello")
        await bad.socket.send("x" * 100_000)
        assert await bad.closed() == 1009
    await eventually(lambda: len(house.channel) == 0)


async def test_too_many_messages_are_refused_with_the_time_to_come_back(house: House) -> None:
    house.set_limits(visitor_rate=5.0, visitor_burst=3)
    async with visiting(house) as eve, visiting(house) as other:
        await eve.open("hello")
        await other.open("hello")
        for number in range(10):
            await eve.send(type="message", client_id=f"c-{number}", body=f"line {number}")
        assert await eve.refused() == ("too-fast", 1008)
        assert 0 < eve.frames[-1]["retry_after_ms"] <= 201
        await chats_on(other)

    async def back() -> bool:
        async with visiting(house, token=eve.token) as again:
            await again.send(type="resume", v=1, token=eve.token, last_seq=0)
            return bool((await again.next())["type"] == "opened")

    await until(back)
    said = [one.body for one in await house.transcript_of(await house.interaction(eve.token))]
    # A slow machine lets one or two more through: five a second are allowed.
    assert said == ["hello", *(f"line {number}" for number in range(len(said) - 1))]
    assert 3 <= len(said) < 11


async def test_a_second_socket_does_not_double_a_visitors_rate(house: House) -> None:
    house.set_limits(visitor_rate=0.01, visitor_burst=4)
    token = new_token()
    async with visiting(house, token=token) as one, visiting(house, token=token) as two:
        await one.open("hello")
        await two.resume()
        await one.say("third")
        await two.say("fourth")
        await two.send(type="message", client_id="c", body="fifth")
        assert await two.refused() == ("too-fast", 1008)


async def test_one_address_cannot_flood(house: House) -> None:
    house.set_limits(address_rate=0.1, address_burst=20)
    async with visiting(house, address="10.0.0.1") as bad, visiting(house, address="10.0.0.2") as good:
        await bad.open("hello")
        await good.open("hello")
        for _ in range(30):
            await bad.send(type="ping")
        assert await bad.refused() == ("too-fast", 1008)
        await chats_on(good)


async def test_one_address_has_so_many_sockets_and_no_more(house: House) -> None:
    house.set_limits(sockets_per_address=2)
    async with visiting(house, address="10.0.0.1") as one:
        await one.open("hello")
        async with visiting(house, address="10.0.0.1") as two:
            await two.open("hello")
            async with visiting(house, address="10.0.0.1") as three:
                assert await three.refused() == ("too-many-sockets", 1013)
            async with visiting(house, address="10.0.0.2") as elsewhere:
                await elsewhere.open("hello")
        await eventually(lambda: len(house.channel) == 1)
        async with visiting(house, address="10.0.0.1") as two:
            await two.open("hello")
        await chats_on(one)


@pytest.mark.parametrize(
    ("origins", "origin", "welcome"),
    [
        (("https://shop.example",), "https://shop.example", True),
        (("https://shop.example",), "https://evil.example", False),
        (("https://shop.example",), "", False),
        (("self",), "http://127.0.0.1:{port}", True),
        (("self",), "http://127.0.0.1:1", False),
    ],
)
async def test_only_pages_on_the_list_may_come(
    house: House, origins: tuple[str, ...], origin: str, welcome: bool
) -> None:
    house.set_channel(allowed_origins=origins)
    port = house.address.split("/")[2].partition(":")[2]
    async with visiting(house, origin=origin.replace("{port}", port)) as eve:
        if welcome:
            await eve.open("hello")
        else:
            assert await eve.refused() == ("origin-refused", 1008)


@pytest.mark.parametrize("path", ["/chat/{org}/fax/socket", "/chat/nobody/web/socket"])
async def test_unknown_channels_and_organisations_are_refused_alike(house: House, path: str) -> None:
    host = house.address.split("/chat/")[0]
    house.address = host + path.replace("{org}", house.org_id)
    async with visiting(house) as eve:
        assert await eve.refused() == ("unknown-channel", 1008)


async def test_a_token_nobody_opened_cannot_resume(house: House) -> None:
    async with visiting(house) as eve:
        await eve.send(type="resume", v=1, token=eve.token, last_seq=0)
        assert await eve.refused() == ("unknown-session", 1008)


async def test_a_socket_that_says_nothing_is_closed(org: str, valkey_address: str, tmp_path: Path) -> None:
    settings = ChatSettings(first_frame_ms=100)
    async with running_house(org, valkey_address, tmp_path, settings=settings) as house, visiting(house) as eve:
        assert await eve.refused() == ("out-of-order", 1008)


async def test_an_ended_conversation_is_told_to_be_over_whenever_one_comes_back(house: House) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        await eve.send(type="end")
        await eve.expect("ended")
    async with visiting(house, token=eve.token) as again:
        assert (await again.open("again"))["session"]["state"] == "closed"
        assert (await again.expect("ended"))["reason"] == "visitor"
        assert await again.closed() == 1000
    said = await house.transcript_of(await house.interaction(eve.token))
    assert [one.body for one in said if one.body] == ["hello"]


async def test_a_message_after_an_end_that_was_not_heard_of_is_refused(house: House) -> None:
    async with visiting(house) as eve:
        await eve.open("hello")
        interaction = await house.interaction(eve.token)
        now_ms = house.clock.now_ms()
        await house.store.conversations.close(house.org_id, interaction.id, reason="visitor", now_ms=now_ms)
        await eve.send(type="message", client_id="late", body="too late")
        assert await eve.refused() == ("interaction-closed", 1008)


async def test_a_client_that_does_not_read_is_dropped_and_holds_nobody_back(house: House) -> None:
    token = new_token()
    async with visiting(house, token=token) as eve:
        await eve.open("hello")
        port = int(house.address.split("/")[2].partition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        await _join_and_fall_silent(house, token, writer, reader)
        await eventually(lambda: len(house.channel) == 2)
        interaction = await house.interaction(token)
        body = "x" * 4_000

        async def flood() -> bool:
            for _ in range(50):
                await house.say(interaction, body)
            return len(house.channel) == 1

        await asyncio.gather(until(flood, within_s=30), _read_all(eve))
        await chats_on(eve)
        writer.close()


async def _join_and_fall_silent(
    house: House, token: str, writer: asyncio.StreamWriter, reader: asyncio.StreamReader
) -> None:
    """Resume over a bare connection, then never read again."""
    path = "/" + house.address.split("/", 3)[3]
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    frame: dict[str, Any] = {"type": "resume", "v": 1, "token": token, "last_seq": 0}
    payload = json.dumps(frame).encode()
    assert len(payload) < 126
    writer.write(bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload)  # masked with zeros (RFC 6455, 5.3)
    await writer.drain()


async def _read_all(visitor: Visitor) -> None:
    """Read until nothing comes for a moment."""
    while True:
        try:
            async with asyncio.timeout(1):
                visitor.frames.append(json.loads(await visitor.socket.recv()))
        except TimeoutError:
            return
