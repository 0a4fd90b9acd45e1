"""Join the hubs of several processes over publish/subscribe. A hint only: what is lost here, catch-up finds.

One topic for all, and every process drops what nobody in it listens to. That is right for a handful of processes;
beyond, topics per share of conversations would follow. Nothing is published while this process is alone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from engine.model.conversation import Entry
from engine.model.signal import (
    AlertRaised,
    Behind,
    CallMoved,
    DeskSignal,
    EntryAppended,
    JobMoved,
    Position,
    Receipt,
    Signal,
    Typing,
    VisitorOnline,
)

log = structlog.get_logger(__name__)

TOPIC = "cordboard:conversations"
BOUND = 10_000
BATCH = 200

_KINDS: dict[str, Any] = {
    "entry": Entry,
    "typing": Typing,
    "receipt": Receipt,
    "visitor": VisitorOnline,
    "alert": AlertRaised,
    "job": JobMoved,
    "call": CallMoved,
}
Carried = Signal | DeskSignal


class Bus(Protocol):
    """Carry short messages between processes, unreliably."""

    async def publish(self, topic: str, payload: bytes) -> object:
        """Send ``payload`` to all who listen now; raise Unavailable."""
        ...

    def subscribe(self, topic: str) -> AsyncIterator[bytes]:
        """Yield payloads until the connection is lost (ends or raises Unavailable)."""
        ...


class Company(Protocol):
    """Know whether there are other processes."""

    @property
    def alone(self) -> bool:
        """Say whether this process is the only one."""
        ...


class Deliver(Protocol):
    """Deliver to this process's listeners."""

    def deliver(self, signal: Carried) -> None:
        """Deliver a signal; never blocks."""
        ...


class Fanout:
    """Take this hub's signals to the bus (a role); its ``receiver`` brings the others' signals here (a role)."""

    name = "fanout"

    def __init__(self, *, hub: Deliver, bus: Bus, company: Company, process_id: str) -> None:
        self._bus = bus
        self._company = company
        self._process_id = process_id
        self._out: asyncio.Queue[Carried] = asyncio.Queue(BOUND)
        self.receiver = Receiver(hub=hub, bus=bus, process_id=process_id)

    def relay(self, signal: Carried) -> None:
        """Queue a signal for the other processes; does nothing while alone, loses it when the queue is full."""
        if self._company.alone or isinstance(signal, Position | Behind):
            return
        if not self._out.full():
            self._out.put_nowait(signal)

    async def step(self) -> float:
        """Send what is queued, waiting for something to send. Raises Unavailable (the batch is lost)."""
        batch = [await self._out.get()]
        while len(batch) < BATCH and not self._out.empty():
            batch.append(self._out.get_nowait())
        await self._bus.publish(TOPIC, encode(self._process_id, batch))
        return 0.0


class Receiver:
    """Deliver other processes' signals to this process's listeners (a role)."""

    name = "fanout-receiver"

    def __init__(self, *, hub: Deliver, bus: Bus, process_id: str) -> None:
        self._hub = hub
        self._bus = bus
        self._process_id = process_id

    async def step(self) -> float:
        """Listen until the bus is lost; return the seconds to the next try. Raises Unavailable."""
        async for payload in self._bus.subscribe(TOPIC):
            try:
                origin, signals = decode(payload)
            except msgspec.MsgspecError:
                log.warning("fan-out message not understood; another version?", bytes=len(payload))
                continue
            if origin != self._process_id:
                for signal in signals:
                    self._hub.deliver(signal)
        return 0.1


def encode(process_id: str, signals: Sequence[Carried]) -> bytes:
    """Write signals as one bus message."""
    return msgspec.json.encode([process_id, [_pack(signal) for signal in signals]])


def decode(payload: bytes) -> tuple[str, list[Carried]]:
    """Read a bus message: sender and signals; unknown kinds are left out. Raises msgspec.MsgspecError."""
    origin, packed = msgspec.json.decode(payload, type=tuple[str, list[tuple[str, str, dict[str, Any]]]])
    return origin, [_unpack(kind, org_id, body) for kind, org_id, body in packed if kind in _KINDS]


def _pack(signal: Carried) -> tuple[str, str, Any]:
    if isinstance(signal, EntryAppended):
        return "entry", signal.org_id, signal.entry
    kind = next(name for name, noun in _KINDS.items() if isinstance(signal, noun))
    return kind, signal.org_id, signal


def _unpack(kind: str, org_id: str, body: dict[str, Any]) -> Carried:
    noun = msgspec.convert(body, type=_KINDS[kind])
    if isinstance(noun, Entry):
        return EntryAppended(org_id=org_id, entry=noun)
    signal: Carried = noun
    return signal
