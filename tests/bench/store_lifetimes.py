"""Measure what a chat's life costs in the record: ``python tests/bench/store_lifetimes.py [options]``.

Reports, never asserts. Each chat is opened, offered, accepted, talked in, ended and closed, with the repeats that a
running engine makes: a command writes its own events, an agent's socket writes them again, the projector brings all.
First the processor time per chat with several in flight; then, at a fixed rate of chats and messages (open loop),
how long a message waits for its commit. Without ``--url``: SQLite with synchronous=FULL in a temporary directory.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.conversation import Arrival, Author, Draft, EntryKind
from engine.model.organisation import CasePolicy, Role
from engine.model.record import Opened
from engine.model.work import EventKind, Plan, Requirement, RoutingEvent
from engine.store.store import Store

ORG = "bench"
PLAN = Plan(queue="sales", requirement=Requirement(skills={"english": 3}), priority=1, rules=("first",))
MESSAGES = 4
STANDING = 64
"""Chats that are open all the time and take the messages of the second part."""


class Shop:
    """Live through chats."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._clock = SystemClock()
        self._new_id = id_source(self._clock)
        self._numbers = itertools.count(1)
        self._agent = ""

    async def prepare(self) -> None:
        ana = await self._store.users.create(
            ORG, login=self._new_id(), name="Ana", role=Role.AGENT, now_ms=self._clock.now_ms()
        )
        self._agent = ana.id
        await self._store.routing.begin_epoch(ORG, at_least=0)
        self._epoch = (await self._store.routing.cursor(ORG)).epoch

    async def open(self) -> Opened:
        key = self._new_id()
        arrival = Arrival(
            org_id=ORG, channel="web", conversation_key=key, token_hash=key, name="Zoë", email=f"{key}@example.org",
            topic="billing", body="My bill is wrong.", client_id="first", address="192.0.2.7",
        )  # fmt: skip
        return await self._store.arrivals.open_interaction(
            arrival, kind="chat", plan=PLAN, case_policy=CasePolicy.FIRST_MESSAGE, now_ms=self._clock.now_ms()
        )

    async def live(self) -> None:
        opened = await self.open()
        await self._project(self._tell(opened, EventKind.ENQUEUED), self._tell(opened, EventKind.OFFERED))
        accepted = self._tell(opened, EventKind.ACCEPTED)
        await self._store.routing.apply([accepted])
        await asyncio.gather(self._store.routing.apply([accepted]), self._project(accepted))
        await self._talk(opened)
        for kind in (EventKind.ENDED, EventKind.CLOSED):
            event = self._tell(opened, kind)
            await self._store.routing.apply([event])
            await asyncio.gather(self._store.routing.apply([event]), self._project(event))
            if kind is EventKind.ENDED:
                await self._store.work.set_disposition(ORG, event.item_id, disposition="d", note="", now_ms=0)

    async def say(self, chat: str, author: Author) -> None:
        draft = Draft(kind=EntryKind.MESSAGE, author=author, client_id=self._new_id(), body="x" * 80)
        await self._store.transcripts.append(ORG, chat, draft, now_ms=self._clock.now_ms())

    async def _talk(self, opened: Opened) -> None:
        chat = opened.interaction.id
        for number in range(MESSAGES):
            await self.say(chat, Author.VISITOR if number % 2 else Author.AGENT)
        await self._store.transcripts.mark_visitor(ORG, chat, delivered_seq=3, read_seq=2)
        await self._store.transcripts.mark_agent(ORG, chat, read_seq=3)

    def _tell(self, opened: Opened, kind: EventKind) -> RoutingEvent:
        assert opened.item is not None
        seq = next(self._numbers)
        return RoutingEvent(
            org_id=ORG, epoch=self._epoch, seq=seq, stream_id=f"{seq}-0", at_ms=self._clock.now_ms(), kind=kind,
            item_id=opened.item.id, agent_id="" if kind is EventKind.ENQUEUED else self._agent, queue="sales",
            assignment=0 if kind is EventKind.ENQUEUED else 1, data={"reason": "agent"},
        )  # fmt: skip

    async def _project(self, *events: RoutingEvent) -> None:
        await self._store.routing.project(ORG, events, cursor_id=events[-1].stream_id)


def show(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- a measurement is read by a person


async def cost(shop: Shop, chats: int, in_flight: int) -> None:
    left = iter(range(chats))

    async def live() -> None:
        for _ in left:
            await shop.live()

    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(live() for _ in range(in_flight)))
    cpu, took = time.process_time() - cpu, time.perf_counter() - begun
    show(f"{chats} chats, {in_flight} in flight: {1_000 * cpu / chats:.2f} ms of CPU each, {chats / took:,.0f} chats/s")


async def waits(shop: Shop, rate: float, messages: float, seconds: float) -> None:
    """Report how long commits take from the moment they were due."""
    standing = [(await shop.open()).interaction.id for _ in range(STANDING)]
    took: dict[str, list[float]] = {"message": [], "chat": []}
    tasks: set[asyncio.Task[None]] = set()
    begun, cpu = time.perf_counter(), time.process_time()

    async def timed(kind: str, due: float, work: Awaitable[None]) -> None:
        await work
        took[kind].append(time.perf_counter() - due)

    async def drive(kind: str, per_second: float) -> None:
        for number in range(int(per_second * seconds)):
            due = begun + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            work = shop.live() if kind == "chat" else shop.say(standing[number % STANDING], Author.VISITOR)
            tasks.add(asyncio.create_task(timed(kind, due, work)))

    await asyncio.gather(drive("chat", rate), drive("message", messages))
    lasted, spent = time.perf_counter() - begun, time.process_time() - cpu
    done = {kind: len(values) for kind, values in took.items()}
    await asyncio.gather(*tasks)
    for kind, values in took.items():
        values.sort()
        p50, p99 = (1_000 * values[int(len(values) * part)] for part in (0.5, 0.99))
        show(f"{kind}: {done[kind] / lasted:,.0f}/s in time, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    show(f"processor: {spent / lasted:.2f} cores")


async def measure(given: argparse.Namespace, url: str) -> None:
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    shop = Shop(store)
    await shop.prepare()
    await cost(shop, 50, given.in_flight)
    await cost(shop, given.chats, given.in_flight)
    await waits(shop, given.rate, given.messages, given.seconds)
    await store.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="")
    parser.add_argument("--chats", type=int, default=300)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--messages", type=float, default=400)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(measure(given, given.url or f"sqlite:///{directory}/record.db"))


if __name__ == "__main__":
    main()
