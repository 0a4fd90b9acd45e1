"""A WebSocket client (RFC 6455) that costs little: text frames only, no compression, no tasks.

The usual client library takes most of a core at 2,000 messages a second, a core the engine then lacks. The masking key
is zero, which the protocol allows and which saves the masking; it protects proxies, of which there are none here.
"""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_FIN, _MASKED = 0x80, 0x80
_SHORT, _LONG = 126, 127
_ZERO_KEY = b"\0\0\0\0"


def encode(opcode: int, payload: bytes) -> bytes:
    """Write one masked frame, the key being zero."""
    size = len(payload)
    if size < _SHORT:
        head = struct.pack("!BB", _FIN | opcode, _MASKED | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", _FIN | opcode, _MASKED | _SHORT, size)
    else:
        head = struct.pack("!BBQ", _FIN | opcode, _MASKED | _LONG, size)
    return head + _ZERO_KEY + payload


class FrameReader:
    """Cut a server's bytes into messages; control frames are told apart by their opcode."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take bytes as they came; return the (opcode, payload) that are complete."""
        self._bytes += data
        frames: list[tuple[int, bytes]] = []
        while (found := self._next()) is not None:
            final, opcode, payload = found
            if opcode >= CLOSE:
                frames.append((opcode, payload))
                continue
            self._parts.append(payload)
            if final:
                frames.append((TEXT, b"".join(self._parts)))
                self._parts.clear()
        return frames

    def _next(self) -> tuple[bool, int, bytes] | None:
        have = len(self._bytes)
        if have < 2:
            return None
        first, size, start = self._bytes[0], self._bytes[1] & 0x7F, 2
        if size >= _SHORT:
            start = 4 if size == _SHORT else 10
            if have < start:
                return None
            size = int.from_bytes(self._bytes[2:start], "big")
        if have < start + size:
            return None
        payload = bytes(self._bytes[start : start + size])
        del self._bytes[: start + size]
        return bool(first & _FIN), first & 0x0F, payload


class Wire(asyncio.Protocol):
    """One connection; ``received`` is called with each text, ``closed`` once, with the code (1006: none came)."""

    def __init__(self, request: bytes, received: Callable[[bytes], None], closed: Callable[[int], None]) -> None:
        self._request = request
        self._received = received
        self._closed = closed
        self._head = bytearray()
        self._reader: FrameReader | None = None
        self._transport: asyncio.Transport | None = None
        self._code = 1006
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by class
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take bytes: the answer to the upgrade, then frames."""
        if self._reader is None:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._head.startswith(b"HTTP/1.1 101"):
                status = bytes(self._head.split(b"\r\n", 1)[0]).decode("latin-1")
                self._fail(ConnectionRefusedError(f"the engine answered {status}"))
                return
            self._reader = FrameReader()
            data = bytes(self._head[end + 4 :])
            if not self.ready.done():
                self.ready.set_result(None)
        for opcode, payload in self._reader.feed(data):
            self._handle(opcode, payload)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Tell that it is over."""
        if not self.ready.done():
            self.ready.set_exception(ConnectionResetError("closed in the handshake"))
        else:
            self._closed(self._code)

    def send(self, text: bytes) -> None:
        """Send a text; on a closed connection it goes nowhere."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(TEXT, text))

    def close(self) -> None:
        """Close without ceremony."""
        if self._transport is not None:
            self._transport.close()

    def _handle(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self._received(payload)
        elif opcode == PING and self._transport is not None:
            self._transport.write(encode(PONG, payload))
        elif opcode == CLOSE and self._transport is not None:
            self._code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            self._transport.write(encode(CLOSE, payload[:2]))
            self._transport.close()

    def _fail(self, error: Exception) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)
        self.close()


async def connect(
    url: str, *, received: Callable[[bytes], None], closed: Callable[[int], None], timeout_s: float = 30.0
) -> Wire:
    """Open a connection to ``url`` (``ws://host:port/path``).

    Raises:
        OSError: refused, reset or not answered within ``timeout_s``.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    request = _request(f"{host}:{port}", parts.path)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        _, wire = await loop.create_connection(lambda: Wire(request, received, closed), host, port)
        await wire.ready
    return wire


def _request(authority: str, path: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {authority}",
        f"Origin: http://{authority}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
