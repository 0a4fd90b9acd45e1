"""Cycles are found by the clock, the older the object the more rarely."""

import gc
import weakref

from engine.wiring.interpreter import ALL, ALL_EVERY, YOUNG, CycleSearch


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


async def test_each_object_is_looked_at_once_while_young_and_then_rarely() -> None:
    looked: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looked.append(info["generation"])

    search = CycleSearch()
    gc.disable()
    gc.callbacks.append(note)
    try:
        for _ in range(3):
            await search.step()
        search._steps = ALL_EVERY - 1
        await search.step()
    finally:
        gc.callbacks.remove(note)
        gc.enable()
    assert looked == [YOUNG, YOUNG, YOUNG, ALL]
