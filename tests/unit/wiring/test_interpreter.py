"""Cycles are found by the clock, the older the object the more rarely."""

import gc
import weakref

from engine.wiring.interpreter import ALL_EVERY, OLDER_EVERY, CycleSearch


class Knot:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.me = self


async def test_a_young_cycle_is_gone_after_one_step() -> None:
    gc.disable()
    try:
        gone = weakref.ref(Knot())
        await CycleSearch().step()
        assert gone() is None
    finally:
        gc.enable()


async def test_older_ones_are_looked_at_more_rarely() -> None:
    looked: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looked.append(info["generation"])

    search = CycleSearch()
    gc.disable()
    gc.callbacks.append(note)
    try:
        for _ in range(2 * OLDER_EVERY):
            await search.step()
    finally:
        gc.callbacks.remove(note)
        gc.enable()
    assert looked == ([0] * (OLDER_EVERY - 1) + [1]) * 2
    assert ALL_EVERY % OLDER_EVERY == 0
