"""Opening hours from the text of the files: "09:00-17:30" per day to periods in minutes, holidays to dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.config.calendar_file import calendar_holidays
from engine.config.crosscheck import Checker
from engine.config.files import Place
from engine.config.holiday_dates import public_holidays
from engine.config.hours_schema import HolidaysSection, HoursSection
from engine.config.problems import did_you_mean
from engine.config.schema import Configuration
from engine.model.hours import Hours, Period, Span

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Calendars = Mapping[str, bytes]
"""Name → content of the iCalendar files beside the YAML."""


def compile_hours(configuration: Configuration, calendars: Calendars, checker: Checker) -> dict[str, Hours]:
    """Return the opening hours by name; what is wrong with them goes to ``checker``."""
    locale = configuration.organisation.locale
    return {key: _hours(key, section, calendars, locale, checker) for key, section in configuration.hours.items()}


def _hours(key: str, section: HoursSection, calendars: Calendars, locale: str, checker: Checker) -> Hours:
    place = ("hours", key)
    if section.time_zone:
        checker.zone_known((*place, "time_zone"), section.time_zone)
    exceptions = {}
    for day, texts in sorted(section.exceptions.items()):
        there = (*place, "exceptions", day)
        exceptions[day] = () if texts == "closed" else _spans(there, texts, day, checker)
    return Hours(
        key=key,
        periods=_week(place, section, checker),
        time_zone=section.time_zone,
        holidays=_holidays((*place, "holidays"), section.holidays, calendars, locale, checker),
        exceptions=exceptions,
    )


def _week(place: Place, section: HoursSection, checker: Checker) -> tuple[Period, ...]:
    return tuple(
        Period(weekday=weekday, start_minute=span.start_minute, end_minute=span.end_minute)
        for weekday, day in enumerate(DAYS)
        for span in _spans((*place, day), getattr(section, day), day, checker)
    )


def _spans(place: Place, texts: Sequence[str], day: str, checker: Checker) -> tuple[Span, ...]:
    spans = []
    end_before = -1
    for index, text in sorted(enumerate(texts), key=lambda numbered: numbered[1]):
        start, end = (_minutes(part) for part in text.split("-"))
        if start >= end:
            mend = "Split what goes past midnight: until 24:00, and from 00:00 on the next day."
            checker.refuse((*place, index), f"'{text}' ends before it begins", mend=mend)
        elif start < end_before:
            checker.refuse((*place, index), f"'{text}' overlaps another period of {day}")
        end_before = max(end_before, end)
        spans.append(Span(start_minute=start, end_minute=end))
    return tuple(spans)


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _holidays(
    place: Place, section: HolidaysSection | None, calendars: Calendars, locale: str, checker: Checker
) -> dict[str, str]:
    if section is None:
        return {}
    if not (section.country or section.calendar):
        checker.refuse(place, "the holidays are of no country and no calendar", mend="Add country or calendar.")
    if section.subdivision and not section.country:
        checker.refuse((*place, "subdivision"), "a subdivision of no country", mend="Add country.")
    days = {**_public(place, section, locale, checker), **_own(place, section, calendars, checker)}
    return dict(sorted(days.items()))


def _public(place: Place, section: HolidaysSection, locale: str, checker: Checker) -> dict[str, str]:
    if not section.country:
        return {}
    try:
        return public_holidays(section.country, section.subdivision, section.categories, locale)
    except ValueError as error:
        checker.refuse(place, str(error))
        return {}


def _own(place: Place, section: HolidaysSection, calendars: Calendars, checker: Checker) -> dict[str, str]:
    name = section.calendar
    if not name:
        return {}
    place = (*place, "calendar")
    if name not in calendars:
        checker.refuse(place, f"there is no file '{name}' in the directory", mend=did_you_mean(name, calendars))
        return {}
    try:
        return calendar_holidays(calendars[name])
    except ValueError as error:
        checker.refuse(place, f"{name}: {error}")
        return {}
