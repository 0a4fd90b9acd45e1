"""Opening hours from the text of the files: "09:00-17:30" per day to periods in minutes."""

from __future__ import annotations

from engine.config.crosscheck import Checker
from engine.config.schema import Configuration, HoursSection
from engine.model.organisation import Hours, Period

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def compile_hours(configuration: Configuration, checker: Checker) -> dict[str, Hours]:
    """Return the opening hours by name; periods that end before they begin or overlap go to ``checker``."""
    return {key: Hours(periods=_week(key, section, checker)) for key, section in configuration.hours.items()}


def _week(key: str, section: HoursSection, checker: Checker) -> tuple[Period, ...]:
    periods = []
    for weekday, day in enumerate(DAYS):
        end_before = -1
        texts: list[str] = getattr(section, day)
        for index, text in sorted(enumerate(texts), key=lambda numbered: numbered[1]):
            start, end = (_minutes(part) for part in text.split("-"))
            place = ("hours", key, day, index)
            if start >= end:
                mend = "Split what goes past midnight: until 24:00, and from 00:00 on the next day."
                checker.refuse(place, f"'{text}' ends before it begins", mend=mend)
            elif start < end_before:
                checker.refuse(place, f"'{text}' overlaps another period of {day}")
            end_before = max(end_before, end)
            periods.append(Period(weekday=weekday, start_minute=start, end_minute=end))
    return tuple(periods)


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
