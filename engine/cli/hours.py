"""Look at business hours: what is open when, holidays and the change of the clocks included."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import AsJson, DataDirectory, SettingsFile, settings_for
from engine.cli.output import print_json, print_table
from engine.clock import SystemClock, rfc3339
from engine.config.compile import load
from engine.config.files import directory_meant
from engine.config.problems import did_you_mean
from engine.errors import InvalidInput, NotFound
from engine.model.hours import CalendarDay
from engine.model.organisation import Organisation
from engine.skills.business_time import Calendar
from engine.skills.hours import days as days_of
from engine.skills.hours import named

HoursKey = Annotated[str, typer.Argument(metavar="NAME", help="The key of the hours.")]
YEARS = range(1970, 2201)


def hours(
    name: HoursKey,
    *,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="DIR", help="Configuration directory; else the settings' first.")
    ] = None,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first date; else today.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3_660, help="So many dates.")] = 14,
    settings_file: SettingsFile = None,
    data: DataDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Show business hours day by day, as the configuration files have them. Changes nothing.

    Examples:
      cordboard hours office
      cordboard hours office --config config --from 2026-12-21 --days 14
      cordboard hours office --json

    Exit codes: 0 shown, 1 no such hours, or mistakes in the files, 2 wrong use.
    """
    directory = directory_meant(config) if config else settings_for(settings_file, data).config_directories[0]
    organisation = load(directory)
    if name not in organisation.hours:
        known = did_you_mean(name, organisation.hours)
        raise NotFound(f"there are no business hours {name!r}.", mend=known or "The files have none.")
    calendar = named(organisation, name)
    found = days_of(calendar, _first(first, calendar), days)
    if as_json:
        print_json(_as_mapping(name, organisation, found))
        return
    print_table(("date", "day", "open", "hours", ""), [_row(day, calendar) for day in found])


def _first(text: str, calendar: Calendar) -> date:
    """Read a date; without one, return today in the calendar's zone."""
    if not text:
        return datetime.fromtimestamp(SystemClock().now_ms() / 1000, tz=calendar.zone).date()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise InvalidInput(f"{text!r} is no date between 1970 and 2200.", mend="Write dates as 2026-12-24.")
    return found


def _row(day: CalendarDay, calendar: Calendar) -> tuple[str, ...]:
    def wall(at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, tz=calendar.zone):%H:%M}"

    spans = ", ".join(
        f"{wall(since)}-{'24:00' if wall(until) == '00:00' else wall(until)}" for since, until in day.open
    )
    weekday = date.fromisoformat(day.date).strftime("%a")
    why = ", ".join(part for part in (day.holiday, "exception" if day.exception else "") if part)
    return day.date, weekday, spans or "closed", f"{day.business_ms / 3_600_000:g}", why


def _as_mapping(name: str, organisation: Organisation, found: list[CalendarDay]) -> dict[str, object]:
    return {
        "hours": name,
        "time_zone": organisation.hours[name].time_zone or organisation.time_zone,
        "days": [
            {
                "date": day.date,
                "open": [{"from_at": rfc3339(since), "until_at": rfc3339(until)} for since, until in day.open],
                "business_ms": day.business_ms,
                "holiday": day.holiday,
                "exception": day.exception,
            }
            for day in found
        ],
    }
