"""Measure transcript appends per second: ``python tests/bench/store_appends.py [url] [in flight] [seconds]``.

Reports, never asserts. Without a URL: SQLite with synchronous=FULL in a temporary directory.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.conversation import Arrival, Author, Draft, EntryKind
from engine.model.organisation import CasePolicy
from engine.model.work import Plan, Requirement
from engine.store.store import Store

CHATS = 32


async def measure(url: str, in_flight: int, seconds: float) -> None:
    clock = SystemClock()
    new_id = id_source(clock)
    store = Store(url=url, clock=clock, new_id=new_id)
    await store.start()
    plan = Plan(queue="q", requirement=Requirement())
    chats = [
        await store.arrivals.open_interaction(
            Arrival(org_id="bench", channel="web", conversation_key=new_id()),
            kind="chat", plan=plan, case_policy=CasePolicy.MANUAL, now_ms=clock.now_ms(),
        )
        for _ in range(CHATS)
    ]  # fmt: skip
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def talk(worker: int) -> None:
        chat = chats[worker % CHATS].interaction
        while (begun := time.perf_counter()) < end:
            draft = Draft(kind=EntryKind.MESSAGE, author=Author.VISITOR, client_id=new_id(), body="x" * 80)
            await store.transcripts.append("bench", chat.id, draft, now_ms=clock.now_ms())
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(talk(worker) for worker in range(in_flight)))
    await store.stop()
    took.sort()
    p50, p99 = (took[int(len(took) * part)] * 1_000 for part in (0.5, 0.99))
    print(f"{in_flight} in flight: {len(took) / seconds:,.0f} appends/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")  # noqa: T201 -- a measurement is read by a person


def main() -> None:
    given = dict(enumerate(sys.argv[1:]))
    with tempfile.TemporaryDirectory() as directory:
        url = given.get(0, f"sqlite:///{directory}/record.db")
        asyncio.run(measure(url, int(given.get(1, "64")), float(given.get(2, "5"))))


if __name__ == "__main__":
    main()
