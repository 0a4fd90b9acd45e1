"""Two processes at one case, on a server that lets both begin: what is decided is decided on what is there."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from engine.clock import SystemClock
from engine.errors import Conflict, NotFound
from engine.ids import id_source
from engine.model.case import NewCase
from engine.model.casework import CaseDecision, CaseFacts, Change
from engine.model.customer import Contact
from engine.model.service import Order
from engine.store.store import Store
from tests.contract.store.building import START_MS, listed, opened
from tests.contract.store.test_contacts import kept
from tests.contract.store.test_outgoing_mail import letter
from tests.contract.store.test_things import asset

pytestmark = pytest.mark.postgres

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def url(postgres_module_dsn: str) -> str:
    return postgres_module_dsn


@pytest.fixture
async def raw(url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    dsn = url.replace("postgresql+psycopg://", "postgresql://")
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        yield connection


@pytest.fixture
async def other(url: str) -> AsyncIterator[Store]:
    clock = SystemClock()
    store = Store(url=url, clock=clock, new_id=id_source(clock))
    await store.start()
    yield store
    await store.stop()


async def until(raw: psycopg.AsyncConnection, count: int, over: Callable[[], bool] = lambda: False) -> None:
    """Wait until so many wait for a lock, or ``over``."""
    async with asyncio.timeout(60):
        while not over():
            await raw.execute("SELECT pg_stat_clear_snapshot()")
            found = await (await raw.execute(WAITING)).fetchone()
            if found is not None and found[0] >= count:
                return
            await asyncio.sleep(0.01)


async def case_of(store: Store, org: str, contact: Contact) -> str:
    new = NewCase(org_id=org, subject="S", contact_id=contact.id, interaction_id="", queue="", priority=0, origin="api")
    return (await store.cases.open(new, actor_id="u", now_ms=START_MS)).id


async def test_who_waits_for_a_case_sees_whose_it_is_by_then(
    store: Store, other: Store, raw: psycopg.AsyncConnection, org: str
) -> None:
    mine, his = await kept(store, org, "a@x.org"), await kept(store, org, "b@x.org")
    case_id, seen = await case_of(store, org, mine), list[CaseFacts]()
    decides, release = threading.Event(), threading.Event()
    await raw.set_autocommit(True)

    def give_away(_facts: CaseFacts) -> CaseDecision:
        decides.set()
        release.wait(60)
        return CaseDecision(changes=(Change(field="contact_id", to=his.id),))

    def look(facts: CaseFacts) -> CaseDecision:
        seen.append(facts)
        return CaseDecision()

    first = asyncio.create_task(store.cases.decide(org, case_id, give_away, now_ms=START_MS))
    second = None
    try:
        await asyncio.to_thread(decides.wait, 10)
        second = asyncio.create_task(other.cases.decide(org, case_id, look, now_ms=START_MS))
        await until(raw, 1)
    finally:
        release.set()
        await first
    await second
    assert seen[-1].case.contact_id == his.id
    assert seen[-1].contact is not None
    assert seen[-1].contact.id == his.id


async def test_a_case_is_not_given_to_a_contact_who_is_being_merged(
    store: Store, other: Store, raw: psycopg.AsyncConnection, org: str
) -> None:
    mine, lost, third = [await kept(store, org, f"{name}@x.org") for name in "abc"]
    case_id = await case_of(store, org, third)
    chat = await opened(store, org, email="b@x.org")
    of = (lost.id, chat.interaction.id)
    await raw.execute("UPDATE work_items SET contact_id = %s WHERE interaction_id = %s", of)
    await raw.commit()
    await raw.execute("SELECT 1 FROM work_items WHERE interaction_id = %s FOR UPDATE", of[1:])
    merging = asyncio.create_task(store.merges.merge_contacts(org, mine.id, lost.id, actor_id="u", now_ms=START_MS))
    await until(raw, 1)
    change = CaseDecision(changes=(Change(field="contact_id", to=lost.id),))
    giving = asyncio.create_task(other.cases.decide(org, case_id, lambda _facts: change, now_ms=START_MS))
    await until(raw, 2, giving.done)
    await raw.rollback()
    await merging
    with pytest.raises(NotFound):
        await giving
    assert (await store.cases.get(org, case_id)).contact_id == third.id


async def test_nothing_is_kept_for_a_contact_who_is_being_merged(
    store: Store, other: Store, raw: psycopg.AsyncConnection, org: str
) -> None:
    mine, lost = await kept(store, org, "a@x.org"), await kept(store, org, "b@x.org")
    order = Order(id=f"{org}-o", org_id=org, number="O-1", contact_id=lost.id)
    await store.orders.create(order)
    await raw.execute("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", (order.id,))
    merging = asyncio.create_task(store.merges.merge_contacts(org, mine.id, lost.id, actor_id="u", now_ms=START_MS))
    await until(raw, 1)
    keeping = asyncio.create_task(other.assets.create(asset(org, contact_id=lost.id)))
    await until(raw, 2, keeping.done)
    await raw.rollback()
    await merging
    with pytest.raises(Conflict):
        await keeping
    assert await store.assets.list(org, wanted={"contact_id": lost.id}, limit=5) == []


async def test_a_case_that_arrives_during_a_merge_is_moved(
    store: Store, raw: psycopg.AsyncConnection, org: str
) -> None:
    mine, lost = await kept(store, org, "a@x.org"), await kept(store, org, "b@x.org")
    case_id = await case_of(store, org, mine)
    await raw.execute("SELECT 1 FROM contact_addresses WHERE contact_id = %s FOR SHARE", (lost.id,))
    await raw.execute("CREATE TEMPORARY TABLE arriving AS SELECT * FROM cases WHERE id = %s", (case_id,))
    changes = ("arriving", 99, lost.id)
    await raw.execute("UPDATE arriving SET id = id || %s, number = %s, contact_id = %s", changes)
    await raw.execute("INSERT INTO cases SELECT * FROM arriving")
    merging = asyncio.create_task(store.merges.merge_contacts(org, mine.id, lost.id, actor_id="u", now_ms=START_MS))
    await until(raw, 1)
    await raw.commit()
    await merging
    assert await listed(store, org, contact_id=lost.id) == []
    assert len(await listed(store, org, contact_id=mine.id)) == 2


async def test_who_asks_twice_at_once_gets_one_case(
    store: Store, other: Store, raw: psycopg.AsyncConnection, org: str
) -> None:
    mine = await kept(store, org, "a@x.org")
    await case_of(store, org, mine)
    await raw.execute("SELECT 1 FROM organisations WHERE org_id = %s FOR UPDATE", (org,))
    new = NewCase(
        org_id=org, subject="S", contact_id=mine.id, interaction_id="", queue="", priority=0, origin="api",
        request_key="u:1",
    )  # fmt: skip
    asked = [asyncio.create_task(one.cases.open(new, actor_id="u", now_ms=START_MS)) for one in (store, other)]
    await until(raw, 2)
    await raw.rollback()
    first, second = await asyncio.gather(*asked)
    assert first.id == second.id
    assert first.number == 2


async def test_a_mail_written_while_its_case_is_merged_is_of_the_kept_one(
    store: Store, raw: psycopg.AsyncConnection, org: str
) -> None:
    begun, contact = await opened(store, org, email="a@x.org"), await kept(store, org, "b@x.org")
    kept_id = await case_of(store, org, contact)
    assert begun.case is not None
    await raw.execute("UPDATE cases SET merged_into = %s WHERE id = %s", (kept_id, begun.case.id))
    mail = letter(store, org, begun, interaction_id="")
    writing = asyncio.create_task(store.outgoing.write(mail, "S", author_name="Ana", now_ms=START_MS))
    await until(raw, 1, writing.done)
    await raw.commit()
    assert (await writing).mail.case_id == kept_id
