"""Telephone systems' reports at a rate, and the frames that agents get of them.

Open loop: every report has its time beforehand, and latency counts from it, whether or not the generator or the engine
was late. A call rings, is answered and ends; each report's frame is the one that shows it so at its agent.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from engine.bench.engine_process import ORG
from engine.bench.histogram import Histogram
from engine.bench.pauses import Calm, Sleepers
from engine.bench.wire import Wire, connect
from engine.errors import Unavailable
from engine.skills.signature import headers

KEY = b"b" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()
SOURCE = "pbx"
VERSION = 1
STATES = {"ringing": "ringing", "answered": "talking", "ended": ""}
"""What a report makes of its agent's leg; "" = the call is over for him."""
CUSTOMERS = 2_000
"""Numbers that call: after so many calls all are known."""
CONNECTIONS = 16
PATIENCE_S = 30.0
LOOK_S = 0.2
HEARTBEAT_S = 10.0
_encode = msgspec.json.Encoder().encode


class _Call(msgspec.Struct):
    id: str
    leg_state: str


class _Frame(msgspec.Struct):
    type: str
    calls: list[_Call] = []


_decode = msgspec.json.Decoder(_Frame).decode


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One report, with its time in seconds after the beginning."""

    due_s: float
    call: str
    agent: int
    kind: str
    number: str


def reports(*, rate: float, seconds: float, agents: int, rings_s: float, talks_s: float, first: int) -> list[Report]:
    """Return the reports of calls of which three reports come ``rate`` times a second. Pure."""
    calls = int(rate * seconds / len(STATES))
    planned: list[Report] = []
    for number in range(first, first + calls):
        begins_s = (number - first) * len(STATES) / rate
        for kind, after_s in (("ringing", 0.0), ("answered", rings_s), ("ended", rings_s + talks_s)):
            caller = f"+4416329{number % CUSTOMERS:05}"
            made = Report(due_s=begins_s + after_s, call=f"c{number}", agent=number % agents, kind=kind, number=caller)
            planned.append(made)
    return sorted(planned, key=lambda one: one.due_s)


@dataclass(kw_only=True)
class Measured:
    """What was measured, in seconds from when a report was due."""

    frames: dict[str, Histogram] = field(default_factory=lambda: {kind: Histogram() for kind in STATES})
    calm: dict[str, Histogram] = field(default_factory=lambda: {kind: Histogram() for kind in STATES})
    answers: Histogram = field(default_factory=Histogram)
    lateness: Histogram = field(default_factory=Histogram)
    refused: int = 0
    missing: int = 0


class Exchange:
    """A telephone system, and the agents' sockets."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        self._address = url.removeprefix("http://")
        self._tokens = tokens
        self._wires: list[Wire] = []
        self._ids: dict[str, str] = {}  # the engine's id of a call → ours
        self._seen: dict[str, dict[str, str]] = {}  # an agent's calls as he was told last, by the engine's id
        self._at: dict[tuple[str, str], float] = {}  # engine's id and leg's state → when its agent was told
        self._call_ids: dict[str, str] = {}
        self._queue: asyncio.Queue[tuple[Report, float]] = asyncio.Queue()

    async def open(self) -> None:
        """Connect all agents."""
        for number, token in enumerate(self._tokens):
            wire = await connect(
                f"ws://{self._address}/api/v1/agent/socket",
                received=lambda text, number=number: self._received(number, text),  # type: ignore[misc]
                closed=lambda _: None,
            )
            wire.send(_encode({"type": "hello", "v": VERSION, "token": token}))
            self._wires.append(wire)

    def close(self) -> None:
        """Disconnect them."""
        for wire in self._wires:
            wire.close()

    async def run(self, planned: list[Report]) -> Measured:
        """Send reports when they are due, and wait for what agents see of them. Raises Unavailable."""
        measured, sleepers = Measured(), Sleepers()
        await sleepers.start()
        tasks = [asyncio.create_task(self._post(measured)) for _ in range(CONNECTIONS)]
        tasks.append(asyncio.create_task(self._beat()))
        began = time.perf_counter()
        try:
            for report in planned:
                due = began + report.due_s
                if (wait_s := due - time.perf_counter()) > 0:
                    await asyncio.sleep(wait_s)
                measured.lateness.record(time.perf_counter() - due)
                self._queue.put_nowait((report, due))
            await self._settle(planned)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await sleepers.stop()
        self._count(planned, began, measured, Calm(sleepers.pauses))
        return measured

    async def _settle(self, planned: Iterable[Report]) -> None:
        """Wait until every report is seen, but not for ever."""
        for _ in range(int(PATIENCE_S / LOOK_S)):
            if all(self._told(one) is not None for one in planned):
                return
            await asyncio.sleep(LOOK_S)

    def _told(self, report: Report) -> float | None:
        call_id = self._call_ids.get(report.call)
        return None if call_id is None else self._at.get((call_id, STATES[report.kind]))

    def _count(self, planned: Iterable[Report], began: float, measured: Measured, calm: Calm) -> None:
        for report in planned:
            told, due = self._told(report), began + report.due_s
            if told is None:
                measured.missing += 1
                continue
            measured.frames[report.kind].record(told - due)
            if not calm.disturbed(due, told):
                measured.calm[report.kind].record(told - due)

    async def _beat(self) -> None:
        while True:
            for wire in self._wires:
                wire.send(b'{"type":"heartbeat"}')
            await asyncio.sleep(HEARTBEAT_S)

    def _received(self, agent: int, text: bytes) -> None:
        if not text.startswith(b'{"type":"calls"'):
            return
        now = time.perf_counter()
        fresh = {one.id: one.leg_state for one in _decode(text).calls}
        before = self._seen.get(str(agent), {})
        for call_id, state in fresh.items():
            if before.get(call_id) != state:
                self._at.setdefault((call_id, state), now)
        for call_id in before.keys() - fresh.keys():
            self._at.setdefault((call_id, ""), now)
        self._seen[str(agent)] = fresh

    async def _post(self, measured: Measured) -> None:
        """Post what is queued over one connection."""
        host, _, port = self._address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            while True:
                report, due = await self._queue.get()
                writer.write(_request(self._address, report))
                status, body = await _answer(reader)
                measured.answers.record(time.perf_counter() - due)
                if status != 200:
                    measured.refused += 1
                    continue
                self._call_ids[report.call] = body["reports"][0]["call_id"]
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _request(address: str, report: Report) -> bytes:
    said = {
        "id": f"{report.call}-{report.kind}",
        "call": report.call,
        "kind": report.kind,
        "party": "" if report.kind == "ended" else str(1_000 + report.agent),
        "from": report.number,
        "to": "600",
    }
    body = _encode(said)
    signed = headers(message_id=f"msg_{said['id']}", at_s=int(time.time()), body=body, keys=[KEY])
    lines = [
        f"POST /api/v1/telephony/{ORG}/{SOURCE}/reports HTTP/1.1",
        f"Host: {address}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in signed.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, list[dict[str, str]]]]:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = next(int(line.partition(":")[2]) for line in head.splitlines() if line.startswith("content-length:"))
        body = msgspec.json.decode(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, OSError, StopIteration) as error:
        raise Unavailable(f"the engine did not answer a report: {error!r}") from error
    return int(head.split(" ", 2)[1]), body
