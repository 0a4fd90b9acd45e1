"""The loop runner repeats, survives errors, wakes and stops."""

import asyncio

from engine.loops import Loop


class Counting:
    """A role that counts its steps and fails at chosen ones."""

    name = "counting"

    def __init__(self, *, wait_s: float, fail_at: frozenset[int] = frozenset()) -> None:
        self.steps = 0
        self._wait_s = wait_s
        self._fail_at = fail_at
        self.reached: dict[int, asyncio.Event] = {n: asyncio.Event() for n in range(1, 6)}

    async def step(self) -> float:
        self.steps += 1
        if self.steps in self.reached:
            self.reached[self.steps].set()
        if self.steps in self._fail_at:
            raise RuntimeError("a step failed")
        return self._wait_s


async def test_a_role_is_stepped_again_and_again() -> None:
    role = Counting(wait_s=0)
    loop = Loop(role)
    loop.start()
    await asyncio.wait_for(role.reached[3].wait(), 60)
    await loop.stop()


async def test_an_error_does_not_end_the_role() -> None:
    role = Counting(wait_s=0, fail_at=frozenset({1}))
    loop = Loop(role)
    loop.start()
    await asyncio.wait_for(role.reached[2].wait(), 60)
    await loop.stop()


async def test_wake_cuts_a_long_wait_short() -> None:
    role = Counting(wait_s=3600)
    loop = Loop(role)
    loop.start()
    await asyncio.wait_for(role.reached[1].wait(), 60)
    loop.wake()
    await asyncio.wait_for(role.reached[2].wait(), 60)
    await loop.stop()


async def test_stop_is_safe_twice_and_before_start() -> None:
    loop = Loop(Counting(wait_s=3600))
    await loop.stop()
    loop.start()
    await loop.stop()
    await loop.stop()


class Stubborn:
    """A role whose step swallows the first cancellation, as a faulty library may."""

    name = "stubborn"

    def __init__(self) -> None:
        self.began = asyncio.Event()

    async def step(self) -> float:
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()
        return 0.0


async def test_stop_ends_a_step_that_swallowed_a_cancellation() -> None:
    role = Stubborn()
    loop = Loop(role)
    loop.start()
    await role.began.wait()
    async with asyncio.timeout(60):
        await loop.stop()
