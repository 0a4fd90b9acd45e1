"""Our way of reading and writing frames beside the library's: the same bytes in, the same bytes out."""

import asyncio
import base64
import contextlib
import random
import struct
from collections.abc import AsyncIterator, Sequence

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from engine.api.line import AHEAD, EXTENSION, MOST_BYTES, Line
from tests.servers import eventually

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(b"x" * 16) + b"\r\n\r\n"
)
GOODBYE = b"\x88\x82\0\0\0\0\x03\xe8"


def frame(payload: bytes, *, opcode: int = TEXT, first: int | None = None, masked: bool = True) -> bytes:
    key = random.Random(len(payload)).randbytes(4)
    size, bit = len(payload), 0x80 if masked else 0
    head = bytes((0x80 | opcode if first is None else first,))
    if size < 126:
        head += bytes((bit | size,))
    else:
        head += struct.pack("!BH", bit | 126, size) if size < 1 << 16 else struct.pack("!BQ", bit | 127, size)
    if not masked:
        return head + payload
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "websocket"
    line = scope["extensions"].pop(EXTENSION, None)
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if line is None or text is None or not line.send_at_once(text):
            answer: Message = {"type": "websocket.send", "text": f"{len(message['bytes'])}" if text is None else text}
            await send(answer)


@contextlib.asynccontextmanager
async def served(protocol: type[asyncio.Protocol]) -> AsyncIterator[int]:
    config = uvicorn.Config(
        echo, port=0, ws=protocol, lifespan="off", log_config=None, ws_max_size=1 << 18, ws_per_message_deflate=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def heard(port: int, pieces: Sequence[bytes]) -> bytes:
    """Return all that the server answers until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    answer = asyncio.create_task(reader.read())
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
    async with asyncio.timeout(20):
        try:
            return await answer
        except ConnectionError:
            return b"reset"
        finally:
            writer.close()


CASES = {
    "plain": [frame(b"one"), frame("zwölf".encode()), frame(b"")],
    "125 to 127 bytes": [frame(b"x" * size) for size in (125, 126, 127)],
    "as long as is read here, and longer": [frame(b"x" * size) for size in (MOST_BYTES, MOST_BYTES + 1, 70_000)],
    "too long": [frame(b"a"), frame(b"x" * ((1 << 18) + 1))],
    "binary": [frame(b"a"), frame(b"\x00\xff", opcode=BINARY), frame(b"b")],
    "fragments, a ping between": [
        frame(b"a"), frame(b"he", first=0x01), frame(b"!", opcode=PING), frame(b"llo", first=0x80), frame(b"b"),
    ],
    "pings": [frame(b"a"), frame(b"p", opcode=PING), frame(b"b"), frame(b"", opcode=PONG), frame(b"c")],
    "a text within fragments": [frame(b"he", first=0x01), frame(b"a")],
    "reserved bits": [frame(b"a"), frame(b"b", first=0xC1)],
    "reserved opcodes": [frame(b"a"), frame(b"b", first=0x8B)],
    "a long ping": [frame(b"a"), frame(b"x" * 126, opcode=PING)],
    "not masked": [frame(b"a"), frame(b"b", masked=False)],
    "no UTF-8": [frame(b"a"), frame(b"\xff\xfe")],
    "after a close": [frame(b"a"), GOODBYE, frame(b"b")],
    "many at once": [frame(f"number {number}".encode()) for number in range(4 * AHEAD)],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_a_line_answers_as_the_library_does(name: str) -> None:
    stream = b"".join(CASES[name] if name == "no UTF-8" else [*CASES[name], GOODBYE])
    chance = random.Random(name)
    cuts = sorted(chance.sample(range(1, len(stream)), min(7, len(stream) - 1)))
    chunked = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    ways = [[stream], chunked, [bytes((byte,)) for byte in stream] if len(stream) < 500 else [stream]]
    async with served(WebSocketsSansIOProtocol) as library, served(Line) as ours:
        for pieces in ways:
            assert await heard(ours, pieces) == await heard(library, pieces)


async def test_a_client_that_does_not_read_is_not_written_to_at_once() -> None:
    reached = asyncio.Event()

    async def flood(scope: Scope, receive: Receive, send: Send) -> None:
        line = scope["extensions"].pop(EXTENSION)
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(10_000):
            if not line.send_at_once("x" * 10_000):
                reached.set()
                break
            await asyncio.sleep(0)
        await receive()

    config = uvicorn.Config(flood, port=0, ws=Line, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    _, writer = await asyncio.open_connection("127.0.0.1", server.servers[0].sockets[0].getsockname()[1], limit=1)
    writer.write(HANDSHAKE)
    async with asyncio.timeout(20):
        await reached.wait()
    writer.close()
    server.should_exit = True
    await task
