"""Opening hours of queues, by the calendar that clocks of cases run by too.

A queue's hours are those of its configuration: a week of periods by the wall clock of their time zone, less holidays,
with exceptions by date. How daylight saving counts: ``engine.skills.business_time``.
"""

from __future__ import annotations

from datetime import date, timedelta

from engine.model.hours import CalendarDay
from engine.model.organisation import Organisation
from engine.skills import business_time
from engine.skills.business_time import Calendar, calendar


def is_open(organisation: Organisation, queue: str, now_ms: int) -> bool:
    """Say whether ``queue`` (a key) is open at ``now_ms``; a queue without hours always is. KeyError: no such queue."""
    return business_time.is_open(of_queue(organisation, queue), now_ms)


def opens_ms(organisation: Organisation, queue: str, now_ms: int) -> int:
    """Return when ``queue`` is open next: ``now_ms`` if it is, 0 if it never is. KeyError: no such queue."""
    return business_time.opens(of_queue(organisation, queue), now_ms)


def of_queue(organisation: Organisation, queue: str) -> Calendar:
    """Return the calendar of ``queue``. KeyError: no such queue."""
    return calendar(organisation.queues[queue].hours, organisation.time_zone)


def days(at: Calendar, first: date, count: int) -> list[CalendarDay]:
    """Return what the calendar makes of ``count`` dates from ``first`` on; one that its zone leaves out never opens."""
    return [_day(at, first + timedelta(days=number)) for number in range(count)]


def _day(at: Calendar, day: date) -> CalendarDay:
    text, hours = day.isoformat(), at.hours
    return CalendarDay(
        date=text,
        open=tuple(at.opening(day)),
        holiday=hours.holidays.get(text, "") if hours else "",
        exception=hours is not None and text in hours.exceptions,
    )


def named(organisation: Organisation, hours: str) -> Calendar:
    """Return the calendar of the business hours ``hours`` (a key); "" is always open, and so is what is not there."""
    return calendar(organisation.hours.get(hours) if hours else None, organisation.time_zone)
