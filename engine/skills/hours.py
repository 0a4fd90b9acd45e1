"""Opening hours, by the wall clock of the organisation's time zone.

A moment is turned into local weekday and minute, and that is compared: an hour that daylight saving repeats is open
both times, an hour that it skips never comes, and "until 17:00" is 17:00 on the wall on every day of the year.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from engine.model.organisation import Hours, Organisation

_DAYS_AHEAD = 15
"""Two weeks: the one period of a week may fall into an hour that the change of the clocks skips."""


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


def opens_ms(organisation: Organisation, queue: str, now_ms: int) -> int:
    """Return when ``queue`` is open next: ``now_ms`` if it is, 0 if it never is. KeyError: no such queue."""
    if is_open(organisation, queue, now_ms):
        return now_ms
    hours, zone = organisation.queues[queue].hours, time_zone(organisation.time_zone)
    assert hours is not None  # else it is open
    today = datetime.fromtimestamp(now_ms / 1000, tz=zone).date()
    starts = (
        int(datetime.combine(today + timedelta(days=days), _wall(period.start_minute), tzinfo=zone).timestamp() * 1000)
        for days in range(_DAYS_AHEAD)
        for period in hours.periods
        if period.weekday == (today.weekday() + days) % 7
    )
    return min((start for start in starts if start > now_ms and within(hours, zone, start)), default=0)


def _wall(minute: int) -> time:
    return time(hour=minute // 60, minute=minute % 60)


def time_zone(name: str) -> tzinfo:
    """Return the time zone ``name``; "UTC" works even on a system without time-zone tables.

    Raises:
        ZoneInfoNotFoundError, ValueError: there is no such zone.
    """
    return UTC if name == "UTC" else ZoneInfo(name)
