"""What was acknowledged is there after a SIGKILL."""

import asyncio
import signal
import sys
from pathlib import Path

from engine.clock import SystemClock
from engine.ids import id_source
from engine.store.store import Store
from tests.contract.store.building import opened

ROOT = Path(__file__).parents[3]

CHILD = """
import asyncio, sys
from engine.clock import SystemClock
from engine.ids import id_source
from engine.model.conversation import Author, Draft, EntryKind
from engine.store.store import Store

async def main(url, org, interaction):
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()

    async def talk(worker):
        number = 0
        while True:
            number += 1
            draft = Draft(
                kind=EntryKind.MESSAGE, author=Author.VISITOR, client_id=f"{worker}-{number}", body="x" * 200
            )
            done = await store.transcripts.append(org, interaction, draft, now_ms=clock.now_ms())
            print(done.entry.seq, draft.client_id, flush=True)

    await asyncio.gather(*(talk(worker) for worker in range(16)))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_every_acknowledged_entry_survives_a_kill(url: str, org: str) -> None:
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    chat = (await opened(store, org, body="")).interaction
    acknowledged: list[tuple[int, str]] = []
    for _ in range(3):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, url, org, chat.id, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        fresh = len(acknowledged) + 150
        while len(acknowledged) < fresh:
            seq, client_id = (await asyncio.wait_for(child.stdout.readline(), 30)).decode().split()
            acknowledged.append((int(seq), client_id))
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        for line in rest.decode().splitlines(keepends=True):
            if line.endswith("\n"):
                seq, client_id = line.split()
                acknowledged.append((int(seq), client_id))
        await child.wait()
    told = await store.transcripts.since(org, chat.id, after_seq=0, limit=1_000_000)
    assert [entry.seq for entry in told] == list(range(1, len(told) + 1))
    kept = {(entry.seq, entry.client_id) for entry in told}
    assert set(acknowledged) <= kept
    assert len({entry.client_id for entry in told}) == len(told)
    await store.stop()
