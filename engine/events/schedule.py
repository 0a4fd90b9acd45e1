"""When to try again what failed: soon at first, then ever more rarely, over hours. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

HOUR_MS = 3_600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """How a failing webhook is tried. Times in milliseconds."""

    first_ms: int = 5_000
    factor: int = 3
    longest_ms: int = 3 * HOUR_MS
    spread: float = 0.2  # each wait is up to so much shorter or longer, so that not all come back at once
    give_up_ms: int = 24 * HOUR_MS  # failing for so long, it is disabled

    def wait_ms(self, failures: int, chance: Callable[[], float], *, asked_ms: int = 0) -> int:
        """Return the wait after ``failures`` in a row; ``asked_ms``: the receiver asked for so much (Retry-After)."""
        plain = min(self.longest_ms, self.first_ms * self.factor ** min(failures - 1, 20))
        spread = plain * self.spread * (2 * chance() - 1)
        return max(1, int(plain + spread), min(asked_ms, self.longest_ms))

    def is_over(self, failing_since_ms: int, now_ms: int) -> bool:
        """Say whether it has failed for too long."""
        return bool(failing_since_ms) and now_ms - failing_since_ms >= self.give_up_ms
