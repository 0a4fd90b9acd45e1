"""One tail of a stream, shared by followers who are not equally far."""

import asyncio

import pytest

from engine.errors import Unavailable
from engine.model.work import EventKind, RoutingEvent
from engine.router.tail import Tail


def event(number: int, epoch: int = 1) -> RoutingEvent:
    return RoutingEvent(
        org_id="acme", epoch=epoch, seq=number, stream_id=f"{number}-0", at_ms=number, kind=EventKind.OFFERED
    )


class Stream:
    """A stream in memory that counts its readers."""

    def __init__(self) -> None:
        self.all: list[RoutingEvent] = []
        self.reads: list[str] = []
        self.away = False
        self.grown = asyncio.Event()

    def add(self, *numbers: int, epoch: int = 1) -> None:
        self.all += [event(number, epoch) for number in numbers]
        self.grown.set()
        self.grown = asyncio.Event()

    async def events(self, org_id: str, after: str, *, block_ms: int) -> list[RoutingEvent]:
        self.reads.append(after)
        if self.away:
            raise Unavailable("away")
        if not self._later(after) and block_ms > 1:
            await asyncio.wait({asyncio.ensure_future(self.grown.wait())}, timeout=block_ms / 1000)
        return self._later(after)

    def _later(self, after: str) -> list[RoutingEvent]:
        return [one for one in self.all if one.seq > int(after.partition("-")[0])]


def numbers(events: object) -> list[int]:
    assert isinstance(events, list)
    return [one.seq for one in events]


async def test_two_followers_cost_one_read() -> None:
    stream = Stream()
    tail = Tail(org_id="acme", source=stream)
    waiting = [asyncio.create_task(tail.events("acme", "0-0", 2_000)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stream.add(1, 2)
    assert [numbers(found) for found in await asyncio.gather(*waiting)] == [[1, 2], [1, 2]]
    assert stream.reads == ["0-0"]
    assert numbers(await tail.events("acme", "1-0", 1)) == [2], "a little behind: from what is kept"
    assert stream.reads == ["0-0"]
    assert numbers(await tail.events("acme", "2-0", 1)) == []


async def test_a_follower_far_behind_reads_for_himself() -> None:
    stream = Stream()
    stream.add(1, 2, 3, 4)
    tail = Tail(org_id="acme", source=stream, kept=2)
    assert numbers(await tail.events("acme", "0-0", 1)) == [1, 2, 3, 4], "the first reader gets all"
    assert numbers(await tail.events("acme", "0-0", 1)) == [1, 2, 3, 4]
    assert numbers(await tail.events("acme", "2-0", 1)) == [3, 4]


async def test_a_follower_ahead_is_followed() -> None:
    stream = Stream()
    stream.add(1)
    tail = Tail(org_id="acme", source=stream)
    await tail.events("acme", "0-0", 1)
    stream.add(2, 3, 4)
    assert numbers(await tail.events("acme", "3-0", 1)) == [4]
    assert numbers(await tail.events("acme", "1-0", 1)) == [2, 3, 4]


async def test_one_who_gives_up_or_fails_leaves_the_turn_to_the_next() -> None:
    stream = Stream()
    tail = Tail(org_id="acme", source=stream)
    first = asyncio.create_task(tail.events("acme", "0-0", 2_000))
    await asyncio.sleep(0)
    second = asyncio.create_task(tail.events("acme", "0-0", 2_000))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.sleep(0)
    stream.add(1)
    assert numbers(await second) == [1]
    stream.away = True
    with pytest.raises(Unavailable):
        await tail.events("acme", "1-0", 1)
    stream.away = False
    stream.add(2)
    assert numbers(await tail.events("acme", "1-0", 1)) == [2]


async def test_nothing_of_a_board_before_the_rebuild_is_served_again() -> None:
    stream = Stream()
    stream.add(5, 6, 7)
    tail = Tail(org_id="acme", source=stream)
    await tail.events("acme", "4-0", 1)
    stream.all.clear()
    stream.add(1, 2, epoch=2)  # the server's clock was set back, too
    assert numbers(await tail.events("acme", "0-0", 1)) == [1, 2]
    stream.add(6, epoch=2)
    found = await tail.events("acme", "2-0", 1)
    assert [(one.seq, one.epoch) for one in found] == [(6, 2)]


async def test_a_new_epoch_is_not_mistaken_for_the_one_that_began_at_the_same_place() -> None:
    stream = Stream()
    stream.add(1, 2)
    tail = Tail(org_id="acme", source=stream)
    assert numbers(await tail.events("acme", "0-0", 1)) == [1, 2]
    stream.all.clear()
    assert numbers(await tail.events("acme", "0-0", 1)) == [], "the board was rebuilt, nothing has happened yet"
    stream.add(3, epoch=2)
    found = await tail.events("acme", "0-0", 1)
    assert [(one.seq, one.epoch) for one in found] == [(3, 2)]
