"""Group commit: neighbours unharmed, cancelled callers, a busy or closed store."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import Connection, text

from engine.clock import SystemClock
from engine.errors import InvalidInput, Unavailable
from engine.ids import id_source
from engine.model.conversation import Interaction
from engine.store import writer as writer_module
from engine.store.appends import append
from engine.store.store import Store
from tests.contract.store.building import START_MS, opened, said


async def test_a_failing_job_harms_no_neighbour(store: Store, org: str) -> None:
    chat = (await opened(store, org, body="")).interaction
    write = store._access.write
    gate = threading.Event()

    def wait(_conn: Connection) -> None:
        gate.wait(60)  # so that the rest becomes one batch

    def spoil(conn: Connection) -> None:
        conn.execute(text("UPDATE interactions SET last_seq = 77"))
        raise InvalidInput("no")

    def break_sql(conn: Connection) -> None:
        conn.execute(text("INSERT INTO organisations (org_id) VALUES ('half')"))

    jobs = [asyncio.create_task(write(org, wait))]
    for number in range(10):
        draft = said(str(number), client_id=str(number))
        jobs.append(asyncio.create_task(store.transcripts.append(org, chat.id, draft, now_ms=START_MS)))  # type: ignore[arg-type]
        if number % 3 == 0:
            jobs += [asyncio.create_task(write(org, spoil)), asyncio.create_task(write(org, break_sql))]
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert sum(isinstance(one, InvalidInput) for one in outcomes) == 4
    assert sum(isinstance(one, Exception) for one in outcomes) == 8
    told = await store.transcripts.since(org, chat.id, after_seq=0)
    assert [entry.seq for entry in told] == list(range(1, 11))
    assert (await store.conversations.get(org, chat.id)).last_seq == 10


async def test_a_cancelled_callers_job_is_done_all_the_same(store: Store, org: str) -> None:
    chat = (await opened(store, org, body="")).interaction
    gate = threading.Event()
    held = asyncio.create_task(store._access.write(org, lambda _conn: gate.wait(60)))
    tasks = [
        asyncio.create_task(store.transcripts.append(org, chat.id, said(str(n), client_id=str(n)), now_ms=START_MS))
        for n in range(5)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    gate.set()
    await held
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(one, asyncio.CancelledError) for one in outcomes) == 3
    again = await store.transcripts.append(org, chat.id, said("0", client_id="0"), now_ms=START_MS)
    assert again.repeated
    assert len(await store.transcripts.since(org, chat.id, after_seq=0)) == 5


async def test_a_full_queue_refuses(store: Store, org: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BOUND", 3)
    gate = threading.Event()
    held = [asyncio.create_task(store._access.write(org, lambda _conn: gate.wait(60))) for _ in range(12)]
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(*held, return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Unavailable)]
    assert refused
    assert {one.slug for one in refused} == {"store-busy"}
    assert await store._access.write(org, lambda _conn: 1) == 1


async def test_stopping_finishes_what_waits_and_refuses_the_rest(store: Store, org: str) -> None:
    chat = (await opened(store, org, body="")).interaction
    tasks = [
        asyncio.create_task(store.transcripts.append(org, chat.id, said(str(n)), now_ms=START_MS)) for n in range(50)
    ]
    await asyncio.sleep(0)
    await store.stop()
    assert len(await asyncio.gather(*tasks)) == 50
    for refused in (store.conversations.get(org, chat.id), store.probe()):
        with pytest.raises(Unavailable):
            await refused
    await store.stop()


async def test_jobs_of_several_organisations_go_on_together(store: Store, org: str) -> None:
    chats = [(await opened(store, f"{org}-{n}", body="")).interaction for n in range(6)]
    await asyncio.gather(
        *(
            store.transcripts.append(chat.org_id, chat.id, said(str(n)), now_ms=START_MS)
            for n in range(30)
            for chat in chats
        )
    )
    assert set((await store.transcripts.last_seqs([chat.id for chat in chats])).values()) == {30}


async def test_messages_go_first_and_nobody_starves(store: Store, org: str) -> None:
    write = store._access.write
    begun, gate = threading.Event(), threading.Event()
    order: list[str] = []

    def hold(_conn: Connection) -> None:
        begun.set()
        gate.wait(60)

    def note(what: str) -> Callable[[Connection], None]:
        return lambda _conn: order.append(what)

    held = asyncio.create_task(write(org, hold))
    await asyncio.to_thread(begun.wait, 60)
    jobs = [asyncio.create_task(write(org, note(f"other {number}"))) for number in range(12)]
    jobs += [asyncio.create_task(write(org, note(f"message {number}"), urgent=True)) for number in range(100)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(held, *jobs)
    first = writer_module.BATCH - writer_module.FEW
    messages = [f"message {number}" for number in range(100)]
    others = [f"other {number}" for number in range(12)]
    assert [one for one in order if one in messages] == messages
    assert [one for one in order if one in others] == others
    assert order[: first + 1] == [*messages[:first], others[0]]
    assert order.index(messages[-1]) < order.index(others[writer_module.FEW])


async def test_long_work_lets_messages_through(url: str, org: str) -> None:
    seen: list[tuple[float, float, int]] = []
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock), observe=lambda *batch: seen.append(batch))
    await store.start()
    gate, never, asked, begun = threading.Event(), threading.Event(), threading.Event(), threading.Event()
    order = list[int]()

    def slow(number: int) -> Callable[[Connection], None]:
        def work(_conn: Connection) -> None:
            begun.set()
            (never if number else asked).wait(60 if number == 0 else 0.02)
            order.append(number)

        return work

    held = asyncio.create_task(store._access.write(org, lambda _conn: gate.wait(60)))
    jobs = [asyncio.create_task(store._access.write(org, slow(number))) for number in range(24)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.to_thread(begun.wait, 60)
    message = asyncio.create_task(store._access.write(org, lambda _conn: order.append(-1), urgent=True))
    await asyncio.sleep(0)
    asked.set()
    await asyncio.gather(held, message, *jobs)
    await store.stop()
    assert [number for number in order if number >= 0] == list(range(24))
    assert order.index(-1) < 20, "it waits for what runs, not for the whole batch"
    assert sum(size for _, _, size in seen) == 26
    assert all(0 <= waited < 100 and 0 < took < 100 for waited, took, _ in seen)


async def test_two_processes_count_one_transcript_without_gaps(url: str, store: Store, org: str) -> None:
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    chat = (await opened(store, org, body="")).interaction

    async def talk(through: Store, name: str) -> None:
        for number in range(40):
            draft = said(str(number), client_id=f"{name}-{number // 2}")  # each a second time
            await through.transcripts.append(org, chat.id, draft, now_ms=START_MS)

    await asyncio.gather(*(talk(through, name) for through in (store, other) for name in "abc"))
    told = await store.transcripts.since(org, chat.id, after_seq=0)
    assert [entry.seq for entry in told] == list(range(1, 61))
    assert {entry.client_id for entry in told} == {f"{name}-{number}" for name in "abc" for number in range(20)}
    await other.stop()


@pytest.mark.postgres
async def test_connections_that_died_are_replaced(postgres_dsn: str, org: str) -> None:
    clock = SystemClock()
    store = Store(url=postgres_dsn, clock=clock, new_id=id_source(clock))
    await store.start()
    chat = (await opened(store, org, body="")).interaction
    with psycopg.connect(postgres_dsn, autocommit=True) as other:
        for number in range(3):
            await store.transcripts.append(org, chat.id, said(str(number)), now_ms=START_MS)
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    assert len(await store.transcripts.since(org, chat.id, after_seq=0)) == 3
    await store.stop()


@pytest.mark.postgres
async def test_processes_that_lock_crosswise_both_get_there(postgres_dsn: str, org: str) -> None:
    """Two stores, as two processes would, lock two rows in opposite orders while the other holds the first."""
    clock = SystemClock()
    stores = [Store(url=postgres_dsn, clock=clock, new_id=id_source(clock)) for _ in range(2)]
    await asyncio.gather(*(store.start() for store in stores))
    chats = [(await opened(stores[0], org, conversation_key=key, token_hash=key)).interaction for key in "ab"]
    meeting = threading.Barrier(2)

    def touch(conn: Connection, chat: Interaction) -> None:
        append(conn, (org, chat.id), said("x"), entry_id="e", now_ms=START_MS)

    def both(order: list[Interaction]) -> Callable[[Connection], None]:
        def work(conn: Connection) -> None:
            touch(conn, order[0])
            with contextlib.suppress(threading.BrokenBarrierError):
                meeting.wait(2)
            meeting.abort()  # the second run does not meet anybody
            touch(conn, order[1])

        return work

    await asyncio.gather(stores[0]._access.write(org, both(chats)), stores[1]._access.write(org, both(chats[::-1])))
    assert set((await stores[0].transcripts.last_seqs([chat.id for chat in chats])).values()) == {3}
    await asyncio.gather(*(store.stop() for store in stores))
