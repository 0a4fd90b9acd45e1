"""Cut anywhere, on both sides, any number of times: nothing is lost, nothing comes twice, order is kept.

The visitor's connection breaks at random frames, in either direction, sometimes after swallowing what was sent; live
hints are lost at random; the agent's messages are cancelled half-way and repeated. Then both sides' transcripts must be
the record's. Seeded; the full form runs many more seeds.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.channels.socket import SocketClosed
from engine.conversations.hub import Hub
from engine.errors import Unavailable
from engine.model.conversation import Author, Draft, EntryKind, Interaction
from engine.model.signal import DeskSignal, EntryAppended, Signal
from tests.integration.chat.house import House, new_token, running_house, until

LINES = 10


class Line:
    """A connection that breaks: after ``reads`` frames to the engine or ``writes`` from it.

    ``swallowed`` frames more seem to be sent before the engine notices, as with a dead network.
    """

    address, origin, host = "127.0.0.1", "", "localhost"

    def __init__(self, *, reads: int, writes: int, swallowed: int) -> None:
        self._reads, self._writes, self._swallowed = reads, writes, swallowed
        self._up: asyncio.Queue[str | None] = asyncio.Queue()
        self._down: asyncio.Queue[str | None] = asyncio.Queue()
        self.close_code = 0

    async def receive_text(self) -> str:
        text = await self._up.get()
        self._reads -= 1
        if text is None or self._reads < 0:
            self.cut()
            raise SocketClosed
        return text

    def send_at_once(self, text: str) -> bool:
        return False

    async def send_text(self, text: str) -> None:
        await asyncio.sleep(0)
        self._writes -= 1
        if self._writes >= 0:
            self._down.put_nowait(text)
            return
        self._down.put_nowait(None)
        self._swallowed -= 1
        if self._swallowed < 0:
            self.cut()
            raise SocketClosed

    async def close(self, code: int, reason: str) -> None:
        self.close_code = code
        self.cut()

    def cut(self) -> None:
        self._up.put_nowait(None)
        self._down.put_nowait(None)

    def say(self, frame: dict[str, Any]) -> None:
        self._up.put_nowait(json.dumps(frame))

    async def hear(self) -> dict[str, Any] | None:
        async with asyncio.timeout(20):
            text = await self._down.get()
        return None if text is None else json.loads(text)


@dataclass
class Visitor:
    """A client as the protocol's reference describes it."""

    house: House
    chance: random.Random
    token: str = field(default_factory=new_token)
    opened: bool = False
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    connections: int = 0
    clients: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def last_seq(self) -> int:
        return max(self.lines, default=0)

    async def live(self, expected: int) -> None:
        """Connect again and again until everything said by both sides is here and acknowledged."""
        while self.pending or len(self.lines) < expected or not self.opened:
            self.connections += 1
            calm = self.connections > 60  # so that every run ends
            most = 10_000 if calm else 12
            line = Line(
                reads=self.chance.randint(1, most), writes=self.chance.randint(0, most),
                swallowed=self.chance.randint(0, 3),
            )  # fmt: skip
            served = asyncio.create_task(self.house.channel.serve(self.house.org_id, "web", line))
            self.clients.append(served)
            await self._converse(line, expected)
            line.cut()
            if self.chance.random() < 0.5:  # else the old socket's task goes on beside the new one
                await served

    async def _converse(self, line: Line, expected: int) -> None:
        if self.opened:
            line.say({"type": "resume", "v": 1, "token": self.token, "last_seq": self.last_seq})
        else:
            line.say({"type": "open", "v": 1, "token": self.token, "client_id": "v-0", "body": "visitor 0"})
        shown = self.last_seq
        while self.pending or len(self.lines) < expected or not self.opened:
            frame = await line.hear()
            if frame is None:
                return
            assert frame["type"] != "error", frame
            if frame["type"] == "opened":
                self.opened = True
                for client_id, body in self.pending.items():
                    if client_id != "v-0":
                        line.say({"type": "message", "client_id": client_id, "body": body})
            elif frame["type"] == "entry":
                entry = frame["entry"]
                assert entry["seq"] > shown, "once per socket, in order"
                assert entry["seq"] not in self.lines, "never twice after a resume"
                shown = entry["seq"]
                self.lines[shown] = entry
                if "client_id" in entry:
                    self.pending.pop(entry["client_id"], None)
            elif frame["type"] == "ack":
                self.pending.pop(frame["client_id"], None)


class LossyHub(Hub):
    """Loses hints."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def publish(self, signal: Signal | DeskSignal) -> None:
        if not isinstance(signal, EntryAppended) or self._chance.random() < 0.6:
            super().publish(signal)


@pytest.fixture
async def house(org: str, valkey_address: str, tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(org, valkey_address, tmp_path, hub=LossyHub(random.Random(7)), serve=False) as running:
        await running.staff()
        yield running


async def agent_speaks(house: House, interaction: Interaction, chance: random.Random) -> None:
    """Say every line until its commit is confirmed; now and then the confirmation gets lost."""
    for number in range(LINES):
        kind = EntryKind.NOTE if number % 4 == 3 else EntryKind.MESSAGE
        draft = Draft(kind=kind, author=Author.AGENT, client_id=f"a-{number}", body=f"agent {number}")
        while True:
            said = asyncio.create_task(house.transcript.append(house.org_id, interaction.id, draft))
            if chance.random() < 0.3:
                for _ in range(chance.randint(0, 4)):
                    await asyncio.sleep(0)
                said.cancel()
            with contextlib.suppress(asyncio.CancelledError, Unavailable):
                await said
                break
        await asyncio.sleep(chance.random() / 200)


async def agent_reads(house: House, interaction: Interaction, chance: random.Random, count: int) -> list[int]:
    """Resume from the last number again and again, as an agent's socket does."""
    seen: list[int] = []
    while len(seen) < count:
        page = await house.transcript.since(
            house.org_id, interaction.id, after_seq=seen[-1] if seen else 0, limit=chance.randint(1, 5)
        )
        seen += [one.seq for one in page]
        await asyncio.sleep(0.002)
    return seen


async def nudge(house: House) -> None:
    while True:
        await house.catch_up.step()
        await asyncio.sleep(0.02)


async def walk(house: House, seed: int) -> int:
    """Run one conversation under cuts; return the number of connections it took."""
    chance = random.Random(seed)
    visitor = Visitor(house=house, chance=chance)
    visitor.pending = {f"v-{number}": f"visitor {number}" for number in range(LINES)}
    notes = len([number for number in range(LINES) if number % 4 == 3])
    living = asyncio.create_task(visitor.live(2 * LINES - notes))
    await until(lambda: house.interaction(visitor.token))
    found = await house.interaction(visitor.token)
    nudging = asyncio.create_task(nudge(house))
    try:
        async with asyncio.timeout(60):
            _, seen = await asyncio.gather(
                agent_speaks(house, found, chance), agent_reads(house, found, chance, 2 * LINES)
            )
            await living
    finally:
        nudging.cancel()
        await asyncio.gather(nudging, living, *visitor.clients, return_exceptions=True)
    record = await house.transcript_of(found)
    assert [one.seq for one in record] == list(range(1, 2 * LINES + 1)) == seen
    assert [one.body for one in record if one.author is Author.VISITOR] == [f"visitor {n}" for n in range(LINES)]
    assert [one.body for one in record if one.author is Author.AGENT] == [f"agent {n}" for n in range(LINES)]
    public = [(one.seq, one.id, one.body) for one in record if one.public]
    shown = [(line["seq"], line["id"], line["body"]) for _, line in sorted(visitor.lines.items())]
    assert shown == public
    return visitor.connections


async def walk_all(house: House, seeds: range, record_property: Callable[[str, object], None]) -> None:
    """Walk all seeds, four conversations at a time."""
    connections = 0
    for start in range(seeds.start, seeds.stop, 4):
        connections += sum(await asyncio.gather(*(walk(house, seed) for seed in range(start, start + 4))))
    record_property("conversations", len(seeds))
    record_property("connections", connections)
    assert connections > 2 * len(seeds)
    assert len(house.channel) == 0
    assert house.hub.followed() == []


async def test_any_cuts_leave_both_sides_with_the_records_transcript(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    await walk_all(house, range(24), record_property)


@pytest.mark.long
async def test_any_cuts_leave_both_sides_with_the_records_transcript_at_length(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    await walk_all(house, range(1_000, 1_600), record_property)


@pytest.mark.postgres
async def test_any_cuts_leave_both_sides_with_the_records_transcript_in_postgresql(
    org: str,
    valkey_address: str,
    tmp_path: Path,
    postgres_dsn: str,
    record_property: Callable[[str, object], None],
) -> None:
    hub = LossyHub(random.Random(8))
    async with running_house(org, valkey_address, tmp_path, hub=hub, serve=False, url=postgres_dsn) as house:
        await house.staff()
        await walk_all(house, range(100, 112), record_property)
