"""A visitor who waits is told for how long."""

from pathlib import Path

from engine.router.estimate import Pace
from engine.router.waits import QueueWait
from engine.wiring.waits import rounded
from tests.integration.chat.house import running_house, visiting

MINUTE = 60_000


async def test_a_visitor_is_told_how_long_it_will_take(org: str, valkey_address: str, tmp_path: Path) -> None:
    async with running_house(org, valkey_address, tmp_path) as house:
        await house.staff()
        pace = Pace(rate=1 / MINUTE, leave=0.0, seen=100.0)
        async with visiting(house) as eve:
            assert (await house.router.set_queue(org, "sales", mode="paused")).ok
            await eve.open("hello")
            await house.positions.step()
            assert await eve.expect("position") == {"type": "position", "position": 1}
            house.clock.ahead_ms += 2_000
            await house.waits.tell(org, {"sales": QueueWait(pace=pace, newcomer_ms=1, inside=0.58, checked=40)})
            await house.positions.step()
            told = await eve.expect("position")
            assert told == {"type": "position", "position": 1, "wait": {"low_ms": 0, "high_ms": 2 * MINUTE}}
        view = (await house.waits.board_view(org)).queues["sales"]
        assert (view.wait_low_ms, view.wait_high_ms, view.wait_inside) == (0, 4 * MINUTE, 0.58)


def test_bounds_are_rounded_as_people_speak() -> None:
    assert [rounded(one * MINUTE) // MINUTE for one in (0.4, 1.6, 9.9, 13, 59, 74, 80)] == [0, 1, 9, 10, 55, 60, 75]
    ups = [rounded(one * MINUTE, up=True) // MINUTE for one in (0.4, 1.6, 9.9, 13, 59, 74, 80)]
    assert ups == [1, 2, 10, 15, 60, 75, 90]
