"""Durations as people write them: "100ms", "30s", "5m", "2h", "1d"."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
PATTERN = "^[0-9]{1,9}(ms|s|m|h|d)$"
SHORTEST_MS = 100
"""Shorter times could not be kept: the board looks at its timers about this often."""
LONGEST_MS = 30 * UNITS_MS["d"]

_WRITTEN = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")


def parse_duration(text: object) -> int:
    """Return milliseconds; raise ValueError when ``text`` is not a duration or out of bounds ("0s" is in)."""
    written = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if written is None:
        raise ValueError('write a whole number with ms, s, m, h or d, such as "30s"')
    milliseconds = int(written[1]) * UNITS_MS[written[2]]
    if 0 < milliseconds < SHORTEST_MS or milliseconds > LONGEST_MS:
        raise ValueError(f"must lie between {format_duration(SHORTEST_MS)} and {format_duration(LONGEST_MS)}")
    return milliseconds


def parse_time(text: object) -> int:
    """Return milliseconds as ``parse_duration`` does; raise ValueError for zero too."""
    milliseconds = parse_duration(text)
    if milliseconds == 0:
        raise ValueError("must not be zero")
    return milliseconds


def format_duration(milliseconds: int) -> str:
    """Write ``milliseconds`` in the largest unit that divides them."""
    for unit in ("d", "h", "m", "s"):
        if milliseconds and milliseconds % UNITS_MS[unit] == 0:
            return f"{milliseconds // UNITS_MS[unit]}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


_SCHEMA = {"type": "string", "pattern": PATTERN}

Duration = Annotated[int, BeforeValidator(parse_time), WithJsonSchema(_SCHEMA)]
"""A time of at least 100 ms, kept in milliseconds."""

DurationOrNone = Annotated[int, BeforeValidator(parse_duration), WithJsonSchema(_SCHEMA)]
"""A time, or "0s" for none."""
