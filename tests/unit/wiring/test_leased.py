"""A leased role waits for its lease; one that is safe twice goes on while nobody can be asked for it."""

import pytest

from engine.errors import Unavailable
from engine.wiring.leased import LOOK_AGAIN_S, Leased


class Leases:
    """Leases that are free, taken or away."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.asked = 0

    def _answer(self) -> bool:
        self.asked += 1
        if self.state == "away":
            raise Unavailable("the board is away")
        return self.state == "free"

    async def acquire(self, _name: str, _ttl_ms: int) -> int | None:
        return 1 if self._answer() else None

    async def renew(self, _name: str, _token: int, _ttl_ms: int) -> bool:
        return self._answer()

    async def release(self, _name: str, _token: int) -> bool:
        return self._answer()


class Plain:
    """A role that counts its steps."""

    name = "plain"

    def __init__(self) -> None:
        self.steps = 0

    async def step(self) -> float:
        self.steps += 1
        return 9.0


class Safe(Plain):
    """One that may be played by several."""

    safe_twice = True


@pytest.mark.parametrize(("state", "waits_s", "steps"), [("free", 9.0, 1), ("taken", LOOK_AGAIN_S, 0)])
async def test_a_role_is_played_by_who_holds_the_lease(state: str, waits_s: float, steps: int) -> None:
    for role in (Plain(), Safe()):
        leased = Leased(role=role, leases=Leases(state))
        assert (await leased.step(), role.steps) == (waits_s, steps)


async def test_without_anybody_to_ask_only_what_is_safe_goes_on() -> None:
    plain, safe = Plain(), Safe()
    with pytest.raises(Unavailable):
        await Leased(role=plain, leases=Leases("away")).step()
    assert await Leased(role=safe, leases=Leases("away")).step() == 9.0
    assert (plain.steps, safe.steps) == (0, 1)


async def test_a_role_that_steps_often_asks_seldom() -> None:
    leases, role = Leases("free"), Plain()
    leased = Leased(role=role, leases=leases)
    for _ in range(20):
        await leased.step()
    assert (role.steps, leases.asked) == (20, 1)
    await leased.give_back()
    leases.state = "taken"
    assert await leased.step() == LOOK_AGAIN_S, "who gave it back asks again"
    assert role.steps == 20
