"""Opening hours follow the wall clock of the organisation's zone."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.config.compile import load
from engine.config.samples import demo_directory
from engine.model.hours import Hours, Period, Span
from engine.model.organisation import Organisation
from engine.skills.business_time import calendar, time_zone
from engine.skills.hours import days, is_open, opens_ms

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY_NIGHT = Hours(periods=(Period(weekday=6, start_minute=120, end_minute=180),))
NINE_TO_FIVE = Hours(periods=tuple(Period(weekday=day, start_minute=540, end_minute=1020) for day in range(5)))


def organisation(hours: Hours | None, zone: str = "Europe/Berlin") -> Organisation:
    demo = load(demo_directory())
    queues = {"general": replace(demo.queues["general"], hours=hours)}
    return replace(demo, time_zone=zone, queues=queues)


def berlin(text: str, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp() * 1000)


def test_without_hours_it_is_always_open() -> None:
    assert is_open(organisation(None), "general", 0)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-01-05T09:00", True),
        ("2026-01-05T08:59:59.999", False),
        ("2026-01-05T16:59:59", True),
        ("2026-01-05T17:00", False),
        ("2026-07-06T09:00", True),  # summer time: two hours from UTC
        ("2026-07-06T08:59", False),
        ("2026-01-10T12:00", False),  # Saturday
    ],
)
def test_nine_to_five(at: str, expected: bool) -> None:
    assert is_open(organisation(NINE_TO_FIVE), "general", berlin(at)) is expected


def test_an_hour_that_summer_time_repeats_is_open_twice() -> None:
    book = organisation(SUNDAY_NIGHT)
    first, second = berlin("2026-10-25T02:30"), berlin("2026-10-25T02:30", fold=1)
    assert second - first == 3_600_000
    assert is_open(book, "general", first)
    assert is_open(book, "general", second)
    assert not is_open(book, "general", second + 1_800_000)


def test_an_hour_that_summer_time_skips_never_comes() -> None:
    book = organisation(SUNDAY_NIGHT)
    start = int(datetime(2026, 3, 29, tzinfo=UTC).timestamp() * 1000)
    assert not any(is_open(book, "general", start + minute * 60_000) for minute in range(0, 240, 10))


def test_until_midnight() -> None:
    hours = Hours(periods=(Period(weekday=0, start_minute=1380, end_minute=1440),))
    assert is_open(organisation(hours), "general", berlin("2026-01-05T23:59:59.999"))
    assert not is_open(organisation(hours), "general", berlin("2026-01-06T00:00"))


def test_utc_needs_no_tables() -> None:
    assert time_zone("UTC") is UTC
    assert is_open(organisation(NINE_TO_FIVE, "UTC"), "general", berlin("2026-01-05T17:30"))


@pytest.mark.parametrize(
    ("hours", "at", "opens"),
    [
        (None, "2026-01-05T03:00", "2026-01-05T03:00"),
        (NINE_TO_FIVE, "2026-01-05T12:00", "2026-01-05T12:00"),
        (NINE_TO_FIVE, "2026-01-05T08:59", "2026-01-05T09:00"),
        (NINE_TO_FIVE, "2026-01-09T17:00", "2026-01-12T09:00"),  # over the weekend
        (NINE_TO_FIVE, "2026-03-27T18:00", "2026-03-30T09:00"),  # over the weekend that is an hour shorter
        (SUNDAY_NIGHT, "2026-03-28T12:00", "2026-04-05T02:00"),  # the hour of the 29th never comes
    ],
)
def test_when_it_opens_next(hours: Hours | None, at: str, opens: str) -> None:
    assert opens_ms(organisation(hours), "general", berlin(at)) == berlin(opens)


def test_it_never_opens() -> None:
    assert opens_ms(organisation(Hours(periods=())), "general", berlin("2026-01-05T12:00")) == 0


def test_the_days_of_a_calendar() -> None:
    hours = replace(
        NINE_TO_FIVE,
        holidays={"2026-12-25": "Christmas", "2026-12-28": "Inventory"},
        exceptions={"2026-12-28": (Span(start_minute=600, end_minute=660),)},
    )
    found = days(calendar(hours, "Europe/Berlin"), date(2026, 12, 24), 5)
    assert [(day.date, day.holiday, day.exception, day.business_ms // 3_600_000) for day in found] == [
        ("2026-12-24", "", False, 8),
        ("2026-12-25", "Christmas", False, 0),
        ("2026-12-26", "", False, 0),
        ("2026-12-27", "", False, 0),
        ("2026-12-28", "Inventory", True, 1),
    ]
    assert found[0].open == ((berlin("2026-12-24T09:00"), berlin("2026-12-24T17:00")),)


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    around = Hours(periods=tuple(Period(weekday=day, start_minute=0, end_minute=1440) for day in range(7)))
    found = days(calendar(around, "Europe/Berlin"), date(2026, 10, 24), 3)
    assert [day.business_ms // 3_600_000 for day in found] == [24, 25, 24]
    left_out = days(calendar(around, "Pacific/Apia"), date(2011, 12, 29), 3)
    assert [day.business_ms // 3_600_000 for day in left_out] == [24, 0, 24]
