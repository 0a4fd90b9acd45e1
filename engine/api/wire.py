"""Starlette's WebSocket as the stages know sockets: text frames, the other side's address, a bounded close."""

import asyncio
import contextlib

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from engine.api.metrics import Metrics
from engine.errors import ProtocolError

CLOSE_S = 5.0
"""A peer that does not even read a close frame is given up after this."""


class TextSocket:
    """One WebSocket; what ends it is raised as ``closed``, the error its stage knows."""

    def __init__(self, websocket: WebSocket, *, kind: str, metrics: Metrics, closed: type[Exception]) -> None:
        self._websocket = websocket
        self._kind = kind
        self._metrics = metrics
        self._count_in, self._count_out = metrics.frames(kind, "in"), metrics.frames(kind, "out")
        self._closed = closed

    @property
    def address(self) -> str:
        """Return the network address of the other side, behind trusted proxies."""
        return self._websocket.client.host if self._websocket.client else ""

    @property
    def origin(self) -> str:
        """Return the Origin header, "" when there is none."""
        return self._websocket.headers.get("origin", "")

    @property
    def host(self) -> str:
        """Return the Host header."""
        return self._websocket.headers.get("host", "")

    async def receive_text(self) -> str:
        """Return the next text frame; raise the stage's closed error, or ProtocolError for a binary frame."""
        try:
            message = await self._websocket.receive()
        except (WebSocketDisconnect, RuntimeError) as error:
            raise self._closed from error
        if message["type"] == "websocket.disconnect":
            raise self._closed
        self._count_in()
        text = message.get("text")
        if not isinstance(text, str):
            raise ProtocolError("frames are text")
        return text

    async def send_text(self, text: str) -> None:
        """Send a text frame, waiting while the other side does not read; raise the stage's closed error."""
        try:
            await self._websocket.send({"type": "websocket.send", "text": text})
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            raise self._closed from error
        self._count_out()

    async def receive(self) -> str:
        """Return the next text frame, as ``receive_text``."""
        return await self.receive_text()

    async def send(self, text: str) -> None:
        """Send a text frame, as ``send_text``."""
        await self.send_text(text)

    async def close(self, code: int, reason: str) -> None:
        """Close with a code; safe on a closed socket, and over within ``CLOSE_S``."""
        if WebSocketState.DISCONNECTED in (self._websocket.client_state, self._websocket.application_state):
            return
        self._metrics.closed_with(self._kind, code)
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            async with asyncio.timeout(CLOSE_S):
                await self._websocket.close(code, reason)
