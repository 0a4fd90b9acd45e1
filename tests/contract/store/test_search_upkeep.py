"""The index is kept exactly once: whatever fails, whoever else works at it, it holds what the record holds."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.failpoints import arm
from engine.ids import id_source
from engine.skills.search_words import words_of
from engine.store.cases.tables import cases
from engine.store.full_text.tables import search_parts, search_pending, search_words
from engine.store.store import Store

from .searching import case, find, own, refs, rewrite, take_in


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


async def parts(store: Store, org: str) -> dict[str, int]:
    """Count the parts of the index by state."""
    part = search_parts.c
    query = select(part.state, func.count()).where(part.org_id == org).group_by(part.state)
    return await store._access.read(lambda conn: {row[0]: row[1] for row in conn.execute(query)})


async def many_words(store: Store, org: str) -> None:
    """Write more than one transaction of words takes."""
    for number in range(3):
        text = " ".join(f"{chr(97 + place % 26)}{number}x{place}" for place in range(600))
        await case(store, org, f"k{number}", number + 1, "word", description=text)


async def test_a_step_that_fails_leaves_nothing_to_be_seen_and_is_done_again(store: Store, org: str) -> None:
    await many_words(store, org)
    arm("search.before-publish=raise")
    with pytest.raises(Unavailable):
        await store.search.take_in(org, words_of=words_of, most=64)
    assert await refs(store, org, "word") == []
    assert await parts(store, org) == {"building": 1}
    assert await take_in(store, org) == 3
    assert sorted(await refs(store, org, "word")) == ["k0", "k1", "k2"]
    assert await refs(store, org, "a2x26") == ["k2"]
    assert await parts(store, org) == {"live": 1}
    query = select(func.count(search_words.c.part.distinct())).where(search_words.c.org_id == org)
    assert await store._access.read(lambda conn: conn.execute(query).scalar()) == 1


async def test_a_step_that_is_done_and_not_known_to_be_is_not_done_twice(store: Store, org: str) -> None:
    await many_words(store, org)
    arm("search.after-publish=raise")
    with pytest.raises(Unavailable):
        await store.search.take_in(org, words_of=words_of, most=64)
    assert await take_in(store, org) == 0
    assert (await find(store, org, "word")).total == 3


async def test_two_indexers_at_once_take_everything_in_once(store: Store, org: str) -> None:
    for number in range(30):
        await case(store, org, f"k{number}", number + 1, f"word {number}")

    async def work() -> None:
        while True:
            taken = await store.search.take_in(org, words_of=words_of, most=4)
            await store.search.tidy(org)
            if not taken.more:
                return

    await asyncio.gather(work(), work())
    await take_in(store, org)
    found = await find(store, org, "word")
    assert (found.total, len(found.hits)) == (30, 30)
    waiting = select(func.count()).select_from(search_pending).where(search_pending.c.org_id == org)
    assert await store._access.read(lambda conn: conn.execute(waiting).scalar()) == 0


async def test_what_another_process_took_in_is_found_by_who_has_asked_before(store: Store, org: str, url: str) -> None:
    clock = SystemClock()
    other = Store(url=url, clock=clock, new_id=id_source(clock))
    await other.start()
    try:
        for number in (1, 2):
            await case(store, org, f"k{number}", number, f"word {number}")
            await take_in(store, org)
            assert (await find(other, org, "word")).total == number
        await rewrite(store, org, cases, own(org, "k1"), merged_into="k2")
        await take_in(store, org)
        assert (await find(other, org, "word")).total == 1
    finally:
        await other.stop()


async def test_what_is_written_while_a_step_runs_is_taken_in_by_the_next(store: Store, org: str) -> None:
    await case(store, org, "k1", 1, "first")
    writing = True

    async def write() -> None:
        for number in range(2, 22):
            await case(store, org, f"k{number}", number, f"word {number}")

    async def index() -> None:
        while writing:
            await store.search.take_in(org, words_of=words_of, most=2)

    indexing = asyncio.create_task(index())
    await write()
    writing = False
    await indexing
    await take_in(store, org)
    assert (await find(store, org, "word")).total == 20
