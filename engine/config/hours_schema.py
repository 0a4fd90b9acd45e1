"""What may stand in the section ``hours``: periods by weekday, a time zone, holidays, exceptions by date."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from engine.config.section import Section


def _period(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)", text):
        raise ValueError('write times as "09:00-17:30"')
    return text


def _date(text: str) -> str:
    try:
        known = date.fromisoformat(text).isoformat() == text
    except ValueError:
        known = False
    if not known:
        raise ValueError("write dates as 2026-12-24")
    return text


def _file(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}\.ics", text):
        raise ValueError("name a file beside this one that ends in .ics")
    return text


Opening = Annotated[str, AfterValidator(_period)]
Day = Annotated[list[Opening], Field(max_length=24)]
Date = Annotated[str, AfterValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
CalendarFile = Annotated[str, AfterValidator(_file), WithJsonSchema({"type": "string", "pattern": r"^[^/]+\.ics$"})]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
HolidayCategory = Annotated[str, StringConstraints(pattern="^[a-z_]{1,40}$")]


class HolidaysSection(Section):
    """Days on which it is closed: those of a country, those of a calendar file, or both."""

    country: Country | None = Field(None, description="ISO 3166 code, such as DE.")
    subdivision: str = Field("", max_length=40, description="Part of the country, such as BY; empty: all of it.")
    categories: list[HolidayCategory] = Field(
        default_factory=lambda: ["public"], min_length=1, max_length=10, description="Which of its holidays."
    )
    calendar: CalendarFile | None = Field(None, description="An iCalendar file beside this one: its all-day events.")


class HoursSection(Section):
    """Opening hours: per day a list of periods, local time; a day that is left out is closed."""

    monday: Day = Field(default_factory=list, description="Periods such as 09:00-17:30; 24:00 is the day's end.")
    tuesday: Day = Field(default_factory=list, description="As monday.")
    wednesday: Day = Field(default_factory=list, description="As monday.")
    thursday: Day = Field(default_factory=list, description="As monday.")
    friday: Day = Field(default_factory=list, description="As monday.")
    saturday: Day = Field(default_factory=list, description="As monday.")
    sunday: Day = Field(default_factory=list, description="As monday.")
    time_zone: str = Field("", max_length=64, description="IANA name of their zone; empty: the organisation's.")
    holidays: HolidaysSection | None = Field(None, description="Days on which it is closed.")
    exceptions: dict[Date, Day | Literal["closed"]] = Field(
        default_factory=dict, max_length=1_000, description="Date to its periods, or closed; a holiday opens so, too."
    )
