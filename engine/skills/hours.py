"""Opening hours, by the wall clock of the organisation's time zone.

A moment is turned into local weekday and minute, and that is compared: an hour that daylight saving repeats is open
both times, an hour that it skips never comes, and "until 17:00" is 17:00 on the wall on every day of the year.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from engine.model.organisation import Hours, Organisation


def is_open(organisation: Organisation, queue: str, now_ms: int) -> bool:
    """Say whether ``queue`` (a key) is open at ``now_ms``; a queue without hours always is. KeyError: no such queue."""
    hours = organisation.queues[queue].hours
    return hours is None or within(hours, time_zone(organisation.time_zone), now_ms)


def within(hours: Hours, zone: tzinfo, now_ms: int) -> bool:
    """Say whether ``now_ms`` lies in one of the periods of ``hours``, which are local to ``zone``."""
    local = datetime.fromtimestamp(now_ms / 1000, tz=zone)
    weekday, minute = local.weekday(), local.hour * 60 + local.minute
    return any(
        period.weekday == weekday and period.start_minute <= minute < period.end_minute for period in hours.periods
    )


def time_zone(name: str) -> tzinfo:
    """Return the time zone ``name``; "UTC" works even on a system without time-zone tables.

    Raises:
        ZoneInfoNotFoundError, ValueError: there is no such zone.
    """
    return UTC if name == "UTC" else ZoneInfo(name)
