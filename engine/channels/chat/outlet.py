"""Send to one visitor, never for longer than he deserves: a client that does not read is dropped, and resumes."""

import asyncio
import contextlib

from engine.channels.chat.frames import ServerFrame
from engine.channels.chat.protocol import TRY_LATER, encode
from engine.channels.socket import Socket, SocketClosed


class Outlet:
    """The sending half of a socket, shared by the socket's tasks."""

    def __init__(self, *, socket: Socket, timeout_ms: int) -> None:
        self._socket = socket
        self._timeout_s = timeout_ms / 1000
        self._turn = asyncio.Lock()

    async def send(self, frame: ServerFrame) -> None:
        """Send one frame; raise SocketClosed, also when the client does not read in time."""
        await self.send_text(encode(frame))

    async def send_text(self, text: str) -> None:
        """Send one encoded frame; raise SocketClosed, also when the client does not read in time."""
        if not self._turn.locked() and self._socket.send_at_once(text):
            return  # no timer for what does not wait
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                await self._socket.send_text(text)
        except TimeoutError as error:
            await self.close(TRY_LATER, "too slow")
            raise SocketClosed from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, bounded in time; raises nothing, safe to call twice."""
        with contextlib.suppress(TimeoutError, SocketClosed):
            async with asyncio.timeout(min(self._timeout_s, 1.0)):
                await self._socket.close(code, reason)
