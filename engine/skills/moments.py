"""Moments as people say them in filters: absolute, or relative to now, so that a kept filter stays true. Pure.

``2026-11-22T08:00:00Z`` with its zone; ``2026-11-22``: the beginning of that day; ``now`` and ``today``, its beginning,
both with ``+`` or ``-`` and a number of ``m``, ``h``, ``d`` or ``w``: ``now-7d`` begins the last seven days. Days are
those of the organisation. The writing follows Elasticsearch's date math
(https://www.elastic.co/docs/reference/elasticsearch/rest-apis/common-options#date-math), less its rounding.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.errors import InvalidInput

LONGEST = 40
_RELATIVE = re.compile(r"(now|today)(?:([+-])(\d{1,5})([mhdw]))?")
_UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_ms(text: str, *, now_ms: int, zone: str = "UTC") -> int:
    """Return the moment in milliseconds since 1970, UTC; raise InvalidInput for what is none."""
    try:
        at = _moment(text.strip(), datetime.fromtimestamp(now_ms / 1000, tz=ZoneInfo(zone)))
        return max(0, (at - _EPOCH) // timedelta(milliseconds=1))
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{text[:LONGEST]!r} is no moment.",
            mend="Such as 2026-11-22T08:00:00Z, 2026-11-22, today, now-7d or now+4h (m, h, d, w).",
        ) from error


def _moment(text: str, now: datetime) -> datetime:
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        return _absolute(text, now)
    word, sign, number, unit = relative.groups()
    begin = now if word == "now" else now.replace(hour=0, minute=0, second=0, microsecond=0)
    if sign is None:
        return begin
    step = _UNIT[unit] * int(number) * (1 if sign == "+" else -1)
    # Days after "today" are days of the calendar, also where the clock is put forward or back in between.
    return begin + step if word == "today" else (now.astimezone(UTC) + step)


def _absolute(text: str, now: datetime) -> datetime:
    if len(text) == len("2026-11-22"):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("which zone?")
    return at
