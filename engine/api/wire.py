"""Starlette's WebSocket as the stages know sockets: text frames, the other side's address, a bounded close."""

import asyncio
import contextlib
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from engine.api.line import EXTENSION
from engine.api.metrics import Metrics
from engine.errors import ProtocolError

CLOSE_S = 5.0
"""A peer that does not even read a close frame is given up after this."""


class Line(Protocol):
    """The short way to the connection's bytes, past ASGI's messages."""

    async def hear(self) -> str | bytes | None:
        """Return the next frame, None when there will be none any more."""
        ...

    def send_at_once(self, text: str) -> bool:
        """Send a text frame if that needs no waiting; say whether it was sent."""
        ...


class TextSocket:
    """One WebSocket; what ends it is raised as ``closed``, the error its stage knows."""

    def __init__(self, websocket: WebSocket, *, kind: str, metrics: Metrics, closed: type[Exception]) -> None:
        self._websocket = websocket
        self._kind = kind
        self._metrics = metrics
        self._count_in, self._count_out = metrics.frames(kind, "in"), metrics.frames(kind, "out")
        self._closed = closed
        self._line: Line | None = websocket.scope.get("extensions", {}).pop(EXTENSION, None)
        self._gone = False
        client = websocket.client
        self._address = client.host if client else ""

    @property
    def address(self) -> str:
        """Return the network address of the other side, behind trusted proxies."""
        return self._address

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
        frame = await (self._hear() if self._line is None else self._line.hear())
        if frame is None:
            self._gone = True
            raise self._closed
        self._count_in()
        if not isinstance(frame, str):
            raise ProtocolError("frames are text")
        return frame

    async def _hear(self) -> str | bytes | None:
        try:
            message = await self._websocket.receive()
        except (WebSocketDisconnect, RuntimeError) as error:
            raise self._closed from error
        if message["type"] == "websocket.disconnect":
            return None
        text = message.get("text")
        return b"" if text is None else str(text)

    def send_at_once(self, text: str) -> bool:
        """Send a text frame if that needs no waiting; say whether it was sent. Raises nothing."""
        sent = self._line is not None and not self._gone and self._line.send_at_once(text)
        if sent:
            self._count_out()
        return sent

    async def send_text(self, text: str) -> None:
        """Send a text frame, waiting while the other side does not read; raise the stage's closed error."""
        if self._gone:
            raise self._closed
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
        if self._gone or WebSocketState.DISCONNECTED in (
            self._websocket.client_state,
            self._websocket.application_state,
        ):
            return
        self._metrics.closed_with(self._kind, code)
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            async with asyncio.timeout(CLOSE_S):
                await self._websocket.close(code, reason)
