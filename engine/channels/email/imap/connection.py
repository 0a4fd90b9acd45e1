"""One connection to an IMAP server: lines and literals, in bounded memory, each wait with an end."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable

from engine.channels.email.imap.faults import Dismissed, Fault, Faulty
from engine.channels.email.imap.wire import Response, literal_size, read_response, without_size

BUFFER = 65_536
LONGEST_LINE = 32 * 1_048_576
"""A SEARCH answers in one line: some three million numbers."""
MOST_KEPT = 1_048_576
"""Bytes of literals in one response that is held in memory; mails are streamed."""

Heed = Callable[[Response], None]


def nothing(_: Response) -> None:
    """Heed no response."""


class Connection:
    """Talk with a server. A command that raises, or is cancelled, leaves it of no more use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, timeout_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s
        self._plain: asyncio.StreamWriter | None = None  # before STARTTLS; one that is forgotten closes its transport
        self._count = 0

    @classmethod
    async def open(cls, host: str, port: int, *, tls: ssl.SSLContext | None, timeout_s: float) -> Connection:
        """Connect; the greeting was not read yet. Raises Faulty."""
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=BUFFER)
        except (OSError, TimeoutError) as error:
            raise _opening(error, f"{host}:{port}") from error
        return cls(reader, writer, timeout_s=timeout_s)

    async def upgrade(self, host: str, tls: ssl.SSLContext) -> None:
        """Go on under TLS, after STARTTLS. Raises Faulty.

        The reader is a new one: what somebody has slipped in before the encryption is never read (CVE-2011-0411).
        """
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=BUFFER, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            async with asyncio.timeout(self._timeout_s):
                transport = await loop.start_tls(self._writer.transport, protocol, tls, server_hostname=host)
        except (OSError, TimeoutError) as error:
            raise _opening(error, host) from error
        if transport is None:
            raise Faulty(Fault.UNREACHABLE, "the server closed the connection")
        protocol.connection_made(transport)
        self._reader, self._plain = reader, self._writer
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)

    def close(self) -> None:
        """Cut the connection, without a word. Safe to call twice."""
        self._writer.transport.abort()

    def next_tag(self) -> str:
        """Return the tag of the next command."""
        self._count += 1
        return f"C{self._count}"

    async def send(self, line: str) -> None:
        """Send a line. Raises Faulty."""
        try:
            self._writer.write(f"{line}\r\n".encode())
            async with asyncio.timeout(self._timeout_s):
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise _unreachable(error, "the server") from error

    async def response(self, *, timeout_s: float | None = None) -> Response:
        """Return the next response. Raises Faulty, and TimeoutError when ``timeout_s`` was given and is over."""
        if timeout_s is None:
            return await self._response([])
        async with asyncio.timeout(timeout_s):
            return await self._response([], within_s=None)

    async def run(self, command: str, *, heed: Heed = nothing, answers: tuple[str, ...] = ()) -> Response:
        """Send a command; return its tagged response, NO and BAD too, when every other went to ``heed``.

        ``answers``: lines for the server's continuation requests, in order; further ones get an empty line.
        Raises Faulty.
        """
        tag = self.next_tag()
        await self.send(f"{tag} {command}")
        left = list(answers)
        while True:
            response = await self._response([], within_s=self._timeout_s)
            if response.tag == tag:
                return response
            if response.tag == "+":
                await self.send(left.pop(0) if left else "")
            elif response.kind == "BYE" and command != "LOGOUT":
                raise Dismissed(response.text)
            else:
                heed(response)

    async def stream(self, command: str, *, heed: Heed, sized: Callable[[int], None]) -> AsyncIterator[bytes]:
        """Send a FETCH of one body; yield it as it comes, if it does. Raises Faulty.

        ``sized`` is told its length before the first byte and may raise; ``heed`` gets the response that carried it,
        its body left out, before the iterator ends.
        """
        tag = self.next_tag()
        await self.send(f"{tag} {command}")
        while True:
            line = await self._line(self._timeout_s)
            size = literal_size(line)
            if size is not None and b" FETCH (" in line[:30].upper() and b"BODY[]" in line.upper():
                sized(size)
                async for chunk in self._chunks(size):
                    yield chunk
                heed(await self._response([without_size(line), b""]))
                continue
            response = await self._response([], first=line)
            if response.tag == tag:
                return
            if response.kind == "BYE":
                raise Dismissed(response.text)
            heed(response)

    async def _chunks(self, size: int) -> AsyncIterator[bytes]:
        left = size
        while left:
            chunk = await self._some(min(left, BUFFER))
            left -= len(chunk)
            yield chunk

    async def _some(self, most: int) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s):
                chunk = await self._reader.read(most)
        except (OSError, TimeoutError) as error:
            raise _unreachable(error, "the server") from error
        if not chunk:
            raise Faulty(Fault.UNREACHABLE, "the server closed the connection")
        return chunk

    async def _response(
        self, pieces: list[bytes], *, first: bytes | None = None, within_s: float | None = -1
    ) -> Response:
        """Read a response to its end; ``pieces`` and ``first`` of it are read already."""
        line, kept = first, 0
        within_s = self._timeout_s if within_s == -1 else within_s
        while True:
            line = await self._line(within_s) if line is None else line
            size = literal_size(line)
            if size is None:
                return read_response((*pieces, line))
            kept += size
            if kept > MOST_KEPT:
                raise Faulty(Fault.PROTOCOL, f"the server sent {size} bytes where few were expected")
            pieces = [*pieces, without_size(line), b"".join([chunk async for chunk in self._chunks(size)])]
            line = None

    async def _line(self, within_s: float | None) -> bytes:
        """Return a line without its end."""
        line = bytearray()
        while True:
            try:
                async with asyncio.timeout(within_s):
                    line += await self._reader.readuntil(b"\n")
                return bytes(line).rstrip(b"\r\n")
            except asyncio.LimitOverrunError as over:
                line += await self._reader.readexactly(over.consumed)
            except asyncio.IncompleteReadError as error:
                raise Faulty(Fault.UNREACHABLE, "the server closed the connection") from error
            except (OSError, TimeoutError) as error:
                raise _unreachable(error, "the server") from error
            if len(line) > LONGEST_LINE:
                raise Faulty(Fault.PROTOCOL, "the server sent a line without an end")


def _opening(error: Exception, what: str) -> Faulty:
    if isinstance(error, ssl.SSLError):
        return Faulty(Fault.TLS, f"{what}: {error.strerror or error}")
    return _unreachable(error, what)


def _unreachable(error: Exception, what: str) -> Faulty:
    if isinstance(error, TimeoutError):
        return Faulty(Fault.UNREACHABLE, f"{what} does not answer")
    return Faulty(Fault.UNREACHABLE, f"{what}: {error}")
