"""The WebSocket's bytes: uvicorn's own protocol, with a short way for what nearly all frames are.

A client's text frame that came whole and in one piece is unmasked and queued here; a text to send is framed and
written here. Everything else (the handshake, pings, closes, fragments, frames beyond ``MOST_BYTES``, whatever is
wrong) goes through the library, which judges it as it always did. From the first frame on that is neither plain nor a
whole control frame, the library reads the connection for good: so it is always at the beginning of a frame when it
gets bytes, and there is never a state that both would have to know.

The stages see none of this: ``TextSocket`` takes the short way where the connection has one.
"""

from __future__ import annotations

import struct
from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask  # type: ignore[attr-defined] # the one in C, where there is one
from websockets.http11 import Request
from websockets.protocol import State

EXTENSION = "cordboard.line"
"""Where the ASGI scope holds the line, until somebody takes it: each would keep the other alive."""
MOST_BYTES = 16_384
"""Longest payload that is read here."""
AHEAD = 16
"""Frames that may wait for their reader before the client is held back …"""
SMALL = 4_096
"""… unless one has more characters than this."""

_PLAIN = 0x81  # FIN and text
_CONTROL = 0x88  # FIN and the opcodes from close on
_MASKED = 0x80
_SHORT, _LONG = 126, 127
_KEY = 4


class Line(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    _held = b""  # the beginning of a frame
    _reads = True  # whether frames are read here still

    def handle_connect(self, event: Request) -> None:
        """Put the line into the scope of the connection."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions = cast("dict[str, object]", self.scope["extensions"])
            extensions[EXTENSION] = self

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client."""
        if not self._reads:
            super().data_received(data)
        elif not self.handshake_initiated:
            super().data_received(data)
            self._reads = data.endswith(b"\r\n\r\n")  # else frames came along, and the library has their beginning
        else:
            self._take(self._held + data if self._held else data)

    def _take(self, data: bytes) -> None:
        """Cut plain frames off; leave the rest of ``data`` to the library or hold it until more comes."""
        start, end = 0, len(data)
        while end - start > 1:
            first, second = data[start], data[start + 1]
            size, at = second & 0x7F, start + 2
            if size == _SHORT and end - at >= 2:
                size, at = int.from_bytes(data[at : at + 2], "big"), at + 2
                odd = size < _SHORT
            else:
                odd = size == _LONG
            if odd or not second & _MASKED or size > MOST_BYTES or (first != _PLAIN and first < _CONTROL):
                self._held, self._reads = b"", False
                super().data_received(data[start:])
                return
            if second & 0x7F == _SHORT and at == start + 2:
                break
            stop = at + _KEY + size
            if stop > end:
                break
            if first == _PLAIN:
                self._hear(apply_mask(data[at + _KEY : stop], data[at : at + _KEY]))
            else:
                super().data_received(data[start:stop])
            start = stop
        self._held = data[start:]

    def _hear(self, payload: bytes) -> None:
        """Queue a text; hold the client back where much waits already."""
        if self.close_sent or self.conn.state is not State.OPEN:
            return
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused and (len(text) > SMALL or self.queue.qsize() >= AHEAD):
            self.read_paused = True
            self.transport.pause_reading()

    async def hear(self) -> str | bytes | None:
        """Return the next frame of the client, None when there will be none any more."""
        message = await self.receive()
        if message["type"] != "websocket.receive":
            return None
        text = message.get("text")
        return message.get("bytes") if text is None else text

    def send_at_once(self, text: str) -> bool:
        """Write a text frame if the client reads what it gets; say whether it was written."""
        if not self.writable.is_set() or self.close_sent or self.disconnected or self.conn.state is not State.OPEN:
            return False
        payload = text.encode()
        size = len(payload)
        if size < _SHORT:
            head = bytes((_PLAIN, size))
        elif size < 1 << 16:
            head = struct.pack("!BBH", _PLAIN, _SHORT, size)
        else:
            head = struct.pack("!BBQ", _PLAIN, _LONG, size)
        self.transport.write(head + payload)
        return True
