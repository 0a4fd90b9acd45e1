"""Business hours as calendars: what is open when, holidays included."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.clocks import CalendarAnswer, CalendarBrief, DayAnswer
from engine.api.schemas.model import Page
from engine.errors import InvalidInput, NotFound
from engine.skills.hours import days as days_of
from engine.skills.hours import named

TAG = "Calendars"
YEARS = range(1970, 2201)


async def list_calendars(parts: Parts, who: Agent) -> Page[CalendarBrief]:
    """List the business hours, and which are open.

    Those of the configuration in force.
    """
    organisation, now_ms = parts.organisations.get(who.org_id), parts.clock.now_ms()
    return Page(items=[CalendarBrief.of(organisation, hours, now_ms) for hours in organisation.hours])


async def read_calendar(
    hours: str,
    parts: Parts,
    who: Agent,
    *,
    first: Annotated[date | None, Query(alias="from", description="The first date; today if left out.")] = None,
    days: Annotated[int, Query(ge=1, le=366)] = 14,
) -> CalendarAnswer:
    """Read business hours day by day.

    With holidays and exceptions, in the time zone of the hours; an hour that the clocks repeat counts twice.
    """
    organisation, now_ms = parts.organisations.get(who.org_id), parts.clock.now_ms()
    if hours not in organisation.hours:
        raise NotFound(f"There are no business hours {hours[:40]!r}.", slug="unknown-hours")
    calendar = named(organisation, hours)
    begin = first or datetime.fromtimestamp(now_ms / 1000, tz=calendar.zone).date()
    if begin.year not in YEARS:
        raise InvalidInput("The date is out of bounds.", field="from", mend="From 1970 to 2200.")
    found = [DayAnswer.of(day) for day in days_of(calendar, begin, days)]
    return CalendarAnswer(**CalendarBrief.of(organisation, hours, now_ms).model_dump(), days=found)


OPERATIONS = (
    Operation(method="GET", path="/calendars", handler=list_calendars, tag=TAG),
    Operation(
        method="GET",
        path="/calendars/{hours}",
        handler=read_calendar,
        tag=TAG,
        errors=("unknown-hours", "invalid-input"),
    ),
)
