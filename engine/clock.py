"""Time as a part that is handed in: integer milliseconds UTC inside, RFC 3339 outside."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Tell the time; tests hand in a clock of their own."""

    def now_ms(self) -> int:
        """Return the time in milliseconds since 1970, UTC."""
        ...


class SystemClock:
    """Tell the machine's time."""

    def now_ms(self) -> int:
        """Return the machine's time in milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


def rfc3339(at_ms: int) -> str:
    """Write ``at_ms`` (milliseconds UTC) as RFC 3339 with milliseconds and ``Z``."""
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{_to_the_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=1024)
def _to_the_second(at_s: int) -> str:
    """Write the part that all times of one second share: every frame carries one."""
    return datetime.fromtimestamp(at_s, tz=UTC).isoformat(timespec="seconds").removesuffix("+00:00")


def moment(at_ms: int) -> str | None:
    """Write a time that may be "never" (0), which is None outside."""
    return rfc3339(at_ms) if at_ms else None
