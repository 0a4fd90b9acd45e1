"""Commands that wait for one another travel together, in order, each with its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from engine.router.lane import MOST_AT_ONCE, Command, Lane


class Wire:
    """Carries commands when it is told to, and notes how they travelled."""

    def __init__(self) -> None:
        self.trips: list[list[str]] = []
        self.open = asyncio.Event()

    async def send(self, part: Sequence[Command[str]]) -> list[str]:
        self.trips.append([command.function for command in part])
        await self.open.wait()
        return [f"{command.function} done" for command in part]


def ask(lane: Lane[str], name: str) -> asyncio.Task[str]:
    return asyncio.create_task(lane.ask(name, ()), name=name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_travels_together() -> None:
    wire = Wire()
    lane = Lane(wire.send, name="acme")
    first, second = ask(lane, "a"), ask(lane, "b")
    await settle()
    later = [ask(lane, name) for name in "cdef"]
    await settle()
    wire.open.set()
    answers = await asyncio.gather(first, second, *later)
    assert answers == [f"{name} done" for name in "abcdef"]
    assert [name for trip in wire.trips for name in trip] == list("abcdef")
    assert list("cdef") in wire.trips


async def test_a_trip_is_bounded() -> None:
    wire = Wire()
    wire.open.set()
    lane = Lane(wire.send, name="acme")
    await asyncio.gather(*(ask(lane, str(number)) for number in range(100)))
    assert max(len(trip) for trip in wire.trips) <= MOST_AT_ONCE
    assert sum(len(trip) for trip in wire.trips) == 100


async def test_a_failed_trip_fails_those_on_it_and_nobody_else() -> None:
    async def send(part: Sequence[Command[str]]) -> list[str]:
        if any(command.function == "bad" for command in part):
            raise ConnectionError
        return [command.function for command in part]

    lane = Lane(send, name="acme")
    with pytest.raises(ConnectionError):
        await lane.ask("bad", ())
    assert await lane.ask("good", ()) == "good"


async def test_who_gave_up_before_the_trip_does_not_travel() -> None:
    wire = Wire()
    lane = Lane(wire.send, name="acme")
    first = ask(lane, "a")
    await settle()
    second = ask(lane, "b")
    await settle()
    third = ask(lane, "c")
    await settle()
    third.cancel()
    await settle()
    wire.open.set()
    await asyncio.gather(first, second)
    await settle()
    assert ["c"] not in wire.trips


async def test_who_asks_while_the_last_sender_ends_is_carried_too() -> None:
    async def send(part: Sequence[Command[str]]) -> list[str]:
        return [command.function for command in part]

    lane = Lane(send, name="acme")

    async def turn(name: str) -> None:
        for number in range(20):
            await lane.ask(f"{name}{number}", ())

    async with asyncio.timeout(60):
        await asyncio.gather(*(turn(name) for name in "abcd"))


async def test_what_a_trip_had_no_time_for_goes_next_and_in_order() -> None:
    trips: list[list[str]] = []

    async def send(part: Sequence[Command[str]]) -> list[str]:
        trips.append([command.function for command in part])
        await asyncio.sleep(0)
        return [command.function for command in part[: 2 if len(trips) == 1 else None]]

    lane = Lane(send, name="acme")
    names = [f"c{number:02}" for number in range(MOST_AT_ONCE)]
    assert await asyncio.gather(*(lane.ask(name, ()) for name in names)) == names
    assert trips[0] == names
    assert trips[1] == names[2:4]  # the next trip is as long as that one had time for
    assert [name for trip in trips[1:] for name in trip] == names[2:]


async def test_trips_grow_again() -> None:
    trips: list[int] = []

    async def send(part: Sequence[Command[str]]) -> list[str]:
        trips.append(len(part))
        await asyncio.sleep(0)
        return [command.function for command in part[: 1 if len(trips) == 1 else None]]

    lane = Lane(send, name="acme")
    await asyncio.gather(*(lane.ask(str(number), ()) for number in range(40 * MOST_AT_ONCE)))
    assert max(trips[1:]) == MOST_AT_ONCE
