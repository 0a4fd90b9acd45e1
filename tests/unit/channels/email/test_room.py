"""Room in memory for mails: bounded, shared out among relays, in order."""

import asyncio

from engine.channels.email.room import Room


class Holder:
    """Hold bytes until it is let go."""

    def __init__(self, room: Room, relay: str, size: int) -> None:
        self._go = asyncio.Event()
        self._inside = False
        self.task = asyncio.create_task(self._hold(room, relay, size))

    def inside(self) -> bool:
        return self._inside

    async def _hold(self, room: Room, relay: str, size: int) -> None:
        async with room.of(relay, size):
            self._inside = True
            await self._go.wait()
        self._inside = False

    async def end(self) -> None:
        self._go.set()
        await self.task
        await settled()

    async def cancel(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await settled()


async def settled() -> None:
    """Let everybody run who can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_relay_gets_half_and_holds_up_no_other() -> None:
    room = Room(most_bytes=100, small_bytes=5)
    first, second, third = Holder(room, "slow", 40), Holder(room, "slow", 40), Holder(room, "quick", 40)
    await settled()
    assert [one.inside() for one in (first, second, third)] == [True, False, True]
    await third.end()
    assert not second.inside()
    await first.end()
    assert second.inside()
    await second.end()


async def test_small_ones_always_fit() -> None:
    room = Room(most_bytes=100, small_bytes=5)
    holders = [Holder(room, "a", 50), Holder(room, "b", 50), *(Holder(room, "a", 5) for _ in range(100))]
    await settled()
    assert all(one.inside() for one in holders)
    for one in holders:
        await one.end()


async def test_none_slips_past_one_that_waits_for_all_room() -> None:
    room = Room(most_bytes=100, small_bytes=5)
    first, huge, late = Holder(room, "a", 30), Holder(room, "b", 500), Holder(room, "c", 30)
    await settled()
    assert [one.inside() for one in (first, huge, late)] == [True, False, False]
    await first.end()
    assert (huge.inside(), late.inside()) == (True, False)  # what is larger than all room goes alone
    await huge.end()
    assert late.inside()
    await late.end()


async def test_who_is_cancelled_leaves_his_place() -> None:
    room = Room(most_bytes=100, small_bytes=5)
    first, huge, late = Holder(room, "a", 30), Holder(room, "b", 100), Holder(room, "c", 30)
    await settled()
    await huge.cancel()
    assert late.inside()
    await first.cancel()
    await late.cancel()
    last = Holder(room, "d", 100)
    await settled()
    assert last.inside()
    await last.end()
