"""Milestones and calendars at the border."""

from engine.api.schemas.model import Answer
from engine.cases.clocks import looked_at, used_ms
from engine.clock import moment, rfc3339
from engine.model.casework import Milestone
from engine.model.hours import CalendarDay
from engine.model.organisation import Organisation
from engine.skills.business_time import is_open, opens
from engine.skills.hours import named


class MilestoneAnswer(Answer):
    """A promised step of a case, as it stands now. Times that end in `_ms` are business time, in milliseconds."""

    key: str
    name: str
    occurrence: int
    plan: str
    hours: str  # key of business hours; empty: always
    state: str
    started_at: str
    due_at: str | None  # null: not running, or never due in its hours
    met_at: str | None
    missed_at: str | None  # null: not missed
    target_ms: int
    used_ms: int
    remaining_ms: int  # below 0: so much too late

    @classmethod
    def of(cls, one: Milestone, organisation: Organisation, now_ms: int) -> "MilestoneAnswer":
        """Build from the noun, by the clock of ``now_ms``."""
        one, rule = looked_at(one, now_ms), organisation.milestones.get(one.key)
        used = used_ms(one, named(organisation, one.hours), now_ms)
        return cls(
            key=one.key,
            name=rule.name if rule else one.key,
            occurrence=one.occurrence,
            plan=one.plan,
            hours=one.hours,
            state=one.state.value,
            started_at=rfc3339(one.started_ms),
            due_at=moment(one.due_ms),
            met_at=moment(one.met_ms),
            missed_at=moment(one.missed_ms),
            target_ms=one.target_ms,
            used_ms=used,
            remaining_ms=one.target_ms - used,
        )


class OpeningAnswer(Answer):
    """A stretch of time."""

    from_at: str
    until_at: str


class DayAnswer(Answer):
    """What business hours make of one date."""

    date: str
    open: list[OpeningAnswer]
    business_ms: int  # differs where the clocks change
    holiday: str  # its name; empty: none
    exception: bool  # an exception decides, whatever the weekday or holiday

    @classmethod
    def of(cls, day: CalendarDay) -> "DayAnswer":
        """Build from the noun."""
        return cls(
            date=day.date,
            open=[OpeningAnswer(from_at=rfc3339(since), until_at=rfc3339(until)) for since, until in day.open],
            business_ms=day.business_ms,
            holiday=day.holiday,
            exception=day.exception,
        )


class CalendarBrief(Answer):
    """Business hours, and whether they are open."""

    hours: str
    time_zone: str
    open: bool
    opens_at: str | None  # null: open, or never within ten years

    @classmethod
    def of(cls, organisation: Organisation, hours: str, now_ms: int) -> "CalendarBrief":
        """Build by the clock of ``now_ms``. KeyError: no such hours."""
        zone, calendar = organisation.hours[hours].time_zone, named(organisation, hours)
        open_now = is_open(calendar, now_ms)
        return cls(
            hours=hours,
            time_zone=zone or organisation.time_zone,
            open=open_now,
            opens_at=None if open_now else moment(opens(calendar, now_ms)),
        )


class CalendarAnswer(CalendarBrief):
    """Business hours day by day."""

    days: list[DayAnswer]
