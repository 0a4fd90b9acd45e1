"""What has expired goes; a long history is trimmed in many steps, one soon after the other."""

from engine.wiring.housekeeping import AGAIN_S, EVERY_S, MOST, Housekeeping


class Time:
    """A clock that stands still."""

    def now_ms(self) -> int:
        return 1_000


class Rows:
    """Rows of which some are too old."""

    def __init__(self, old: int) -> None:
        self.old = old
        self.asked: list[int] = []

    async def purge(self, now_ms: int) -> int:
        self.asked.append(now_ms)
        return 0

    async def trim(self, before_ms: int, *, most: int) -> int:
        self.asked.append(before_ms)
        trimmed = min(self.old, most)
        self.old -= trimmed
        return trimmed


async def test_a_long_history_is_trimmed_step_by_step() -> None:
    sessions, history = Rows(0), Rows(2 * MOST + 1)
    role = Housekeeping(groups=(sessions,), history=history, keep_ms=400, clock=Time())
    assert [await role.step() for _ in range(3)] == [AGAIN_S, AGAIN_S, EVERY_S]
    assert sessions.asked == [1_000] * 3
    assert history.asked == [600] * 3
    assert history.old == 0
