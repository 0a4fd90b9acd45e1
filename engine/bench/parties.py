"""The simulated people: agents who accept whatever is offered, visitors who chat. They speak the public protocols.

A message's body begins with its id, because a visitor is not told the client ids of others; by it the receiving side
finds out when the message was due.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Protocol, Self

import msgspec

from engine.bench.wire import Wire, connect

VERSION = 1
_encode = msgspec.json.Encoder().encode
FILLER = "Could you please tell me where my order is, and when it will arrive here?"


class _Entry(msgspec.Struct):
    kind: str = ""
    author: str = ""
    body: str = ""


class OfferedChat(msgspec.Struct):
    """Which conversation is offered."""

    id: str = ""


class Offer(msgspec.Struct):
    """An offer as an agent sees it."""

    item_id: str
    assignment: int
    interaction: OfferedChat
    offered_at: str = ""  # RFC 3339, by the board's clock


class _Session(msgspec.Struct):
    interaction_id: str = ""


class _Frame(msgspec.Struct):
    """Of both sockets, the fields that are looked at."""

    type: str
    entry: _Entry | None = None
    client_id: str = ""
    interaction_id: str = ""
    slug: str = ""
    heartbeat_ms: int = 0
    offers: list[Offer] = []  # msgspec copies a default
    session: _Session | None = None


_decode = msgspec.json.Decoder(_Frame).decode


class Ear(Protocol):
    """Is told what the simulated people see."""

    def relayed(self, message: str) -> None:
        """Note that the other side's message has arrived."""
        ...

    def acknowledged(self, message: str) -> None:
        """Note that the engine has committed a message."""
        ...

    def offered(self, agent: Agent, offer: Offer) -> None:
        """Note an offer, and have it accepted."""
        ...

    def failed(self, why: str) -> None:
        """Count an error frame or a connection that was closed."""
        ...


class Agent:
    """One agent's socket."""

    def __init__(self, *, url: str, token: str, ear: Ear) -> None:
        self._url = url
        self.token = token
        self._ear = ear
        self._stopping = False
        self._wire: Wire | None = None
        self._seen: set[tuple[str, int]] = set()
        self._heartbeat: asyncio.Task[None] | None = None
        self._welcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def start(self) -> Self:
        """Connect and wait for the welcome; raises OSError or TimeoutError."""
        self._wire = await connect(f"{self._url}/api/v1/agent/socket", received=self._receive, closed=self._closed)
        self._wire.send(_encode({"type": "hello", "v": VERSION, "token": self.token}))
        async with asyncio.timeout(30):
            heartbeat_ms = await self._welcome
        self._heartbeat = asyncio.create_task(self._beat(heartbeat_ms / 1000), name="bench-heartbeat")
        return self

    def say(self, interaction_id: str, message_id: str) -> None:
        """Send a message to a visitor."""
        if self._wire is not None:
            self._wire.send(
                _encode(
                    {
                        "type": "message",
                        "interaction_id": interaction_id,
                        "client_id": message_id,
                        "body": f"{message_id} {FILLER}",
                        "note": False,
                    }
                )
            )

    def accept(self, offer: Offer) -> None:
        """Accept an offer; a refusal comes as an ``error``."""
        if self._wire is not None:
            frame = {"type": "accept", "item_id": offer.item_id, "assignment": offer.assignment}
            self._wire.send(_encode(frame))

    async def stop(self) -> None:
        """Close the socket."""
        self._stopping = True
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            await asyncio.gather(self._heartbeat, return_exceptions=True)
        if self._wire is not None:
            self._wire.close()

    async def _beat(self, every_s: float) -> None:
        while self._wire is not None:
            self._wire.send(b'{"type":"heartbeat"}')
            await asyncio.sleep(every_s)

    def _receive(self, data: bytes) -> None:
        frame = _decode(data)
        if frame.type == "entry" and frame.entry is not None:
            if frame.entry.author == "visitor":
                self._ear.relayed(message_id(frame.entry.body))
        elif frame.type == "ack":
            self._ear.acknowledged(frame.client_id)
        elif frame.type == "state":
            self._take(frame.offers)
        elif frame.type == "hello":
            self._welcome.set_result(frame.heartbeat_ms or 10_000)
        elif frame.type == "error":
            self._ear.failed(f"agent:{frame.slug}")

    def _take(self, offers: list[Offer]) -> None:
        fresh = [offer for offer in offers if (offer.item_id, offer.assignment) not in self._seen]
        self._seen = {(offer.item_id, offer.assignment) for offer in offers}
        for offer in fresh:
            self._ear.offered(self, offer)

    def _closed(self, code: int) -> None:
        if not self._stopping:
            self._ear.failed(f"agent-closed:{code}")
        if not self._welcome.done():
            self._welcome.set_exception(ConnectionResetError(f"the engine closed an agent's socket: {code}"))


class Visitor:
    """One visitor's socket: opens a chat, talks, ends."""

    def __init__(self, *, url: str, number: int, ear: Ear) -> None:
        self._url = url
        self._number = number
        self._ear = ear
        self._wire: Wire | None = None
        self._ending = False
        self.opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.joined = asyncio.Event()

    async def start(self, *, topic: str = "order") -> str:
        """Connect and open a chat; return the interaction's id. Raises OSError or TimeoutError."""
        self._wire = await connect(self._url, received=self._receive, closed=self._closed)
        self._wire.send(_encode(self._open(topic)))
        async with asyncio.timeout(30):
            return await self.opened

    def say(self, message_id: str) -> None:
        """Send a message."""
        self._send({"type": "message", "client_id": message_id, "body": f"{message_id} {FILLER}"})

    def end(self) -> None:
        """End the chat."""
        self._ending = True
        self._send({"type": "end"})

    def leave(self) -> None:
        """Go without a word."""
        self._ending = True
        if self._wire is not None:
            self._wire.close()

    def _send(self, frame: dict[str, Any]) -> None:
        if self._wire is not None:
            self._wire.send(_encode(frame))

    def _open(self, topic: str) -> dict[str, Any]:
        name = f"Visitor {self._number}"
        return {
            "type": "open",
            "v": VERSION,
            "token": secrets.token_urlsafe(32),
            "locale": "en",
            "form": {"name": name, "email": f"{secrets.token_hex(6)}@example.org", "topic": topic},
            "client_id": f"open-{self._number}",
            "body": "Hello, I have a question about my order.",
        }

    def _receive(self, data: bytes) -> None:
        frame = _decode(data)
        if frame.type == "entry" and frame.entry is not None:
            if frame.entry.kind == "joined":
                self.joined.set()
            elif frame.entry.author == "agent":
                self._ear.relayed(message_id(frame.entry.body))
        elif frame.type == "ack":
            self._ear.acknowledged(frame.client_id)
        elif frame.type == "opened" and frame.session is not None and not self.opened.done():
            self.opened.set_result(frame.session.interaction_id)
        elif frame.type in ("error", "offline"):
            self._fail(f"visitor:{frame.slug or frame.type}")

    def _closed(self, code: int) -> None:
        if not self._ending:
            self._fail(f"visitor-closed:{code}")

    def _fail(self, why: str) -> None:
        self._ear.failed(why)
        if not self.opened.done():
            self.opened.set_exception(ConnectionResetError(why))


def message_id(body: str) -> str:
    """Return the id a body begins with."""
    return body.partition(" ")[0]
