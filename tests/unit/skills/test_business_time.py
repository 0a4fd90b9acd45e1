"""Business time is exact over daylight saving, leap days, split shifts and holidays."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from engine.model.hours import Hours, Period, Span
from engine.skills.business_time import (
    ALWAYS,
    LOOK_AHEAD_MS,
    calendar,
    due,
    elapsed,
    is_open,
    opens,
)
from tests.unit.skills import slow_clock
from tests.unit.skills.slow_clock import Door

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WEEKDAYS = tuple(Period(weekday=day, start_minute=540, end_minute=1020) for day in range(5))
ROUND_THE_CLOCK = tuple(Period(weekday=day, start_minute=0, end_minute=1440) for day in range(7))

CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25", "2024-02-29"),
    "America/St_Johns": ("2026-03-08", "2026-11-01", "2011-11-06"),  # once at one minute past midnight
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # half an hour
    "Asia/Kathmandu": ("2026-01-01", "1985-12-31"),  # a quarter of an hour, once changed
    "Pacific/Apia": ("2011-12-30", "2012-04-01"),  # a day that was left out
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),  # winter time in summer, for Ramadan
    "America/Sao_Paulo": ("2018-11-04", "2018-02-17"),  # at midnight
    "Asia/Tehran": ("2022-03-22", "2021-09-21"),  # at midnight, the day before is 25 hours
    "America/Havana": ("2026-03-08", "2026-11-01"),
    "Antarctica/Troll": ("2026-03-29", "2026-10-25"),  # two hours
    "Pacific/Kwajalein": ("1993-08-21",),  # a day that was left out, westwards
    "America/Juneau": ("1867-10-18", "1983-10-30"),
}


def at(zone: str, text: str, fold: int = 0) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(moment.timestamp() * 1000)


def utc(text: str) -> int:
    return at("UTC", text)


BERLIN = calendar(Hours(periods=WEEKDAYS), "Europe/Berlin")


def berlin(text: str) -> int:
    return at("Europe/Berlin", text)


def test_from_friday_evening_to_monday_morning() -> None:
    assert elapsed(BERLIN, berlin("2026-01-09T16:00"), berlin("2026-01-12T10:30")) == 150 * MINUTE
    assert due(BERLIN, berlin("2026-01-09T16:00"), 150 * MINUTE) == berlin("2026-01-12T10:30")


def test_it_is_due_at_closing_time_not_at_the_next_opening() -> None:
    assert due(BERLIN, berlin("2026-01-09T09:00"), 8 * HOUR) == berlin("2026-01-09T17:00")
    assert due(BERLIN, berlin("2026-01-09T09:00"), 8 * HOUR + 1) == berlin("2026-01-12T09:00") + 1


def test_nothing_to_wait_for_is_due_at_once_even_when_closed() -> None:
    assert due(BERLIN, berlin("2026-01-10T12:00"), 0) == berlin("2026-01-10T12:00")


def test_backwards_nothing_passes() -> None:
    assert elapsed(BERLIN, berlin("2026-01-09T16:00"), berlin("2026-01-09T10:00")) == 0


def test_always_is_the_clock_itself() -> None:
    assert elapsed(ALWAYS, 5, 12) == 7
    assert due(ALWAYS, 5, 7) == 12
    assert is_open(ALWAYS, 5)
    assert opens(ALWAYS, 5) == 5


def test_what_never_opens_is_never_due() -> None:
    never = calendar(Hours(), "Europe/Berlin")
    assert due(never, utc("2026-01-01"), 1) == 0
    assert opens(never, utc("2026-01-01")) == 0
    assert elapsed(never, utc("2026-01-01"), utc("2027-01-01")) == 0
    once = calendar(Hours(exceptions={"2026-12-24": (Span(start_minute=0, end_minute=1),)}))
    assert due(once, utc("2026-01-01"), MINUTE) == utc("2026-12-24T00:01")
    assert due(once, utc("2026-01-01"), MINUTE + 1) == 0


def test_round_the_clock_is_every_day_as_long_as_it_is() -> None:
    day_and_night = calendar(Hours(periods=ROUND_THE_CLOCK), "Europe/Berlin")
    assert elapsed(day_and_night, berlin("2026-03-29"), berlin("2026-03-30")) == 23 * HOUR
    assert elapsed(day_and_night, berlin("2026-10-25"), berlin("2026-10-26")) == 25 * HOUR


def test_a_repeated_hour_counts_twice_and_a_skipped_one_not_at_all() -> None:
    night = calendar(Hours(periods=(Period(weekday=6, start_minute=120, end_minute=180),)), "Europe/Berlin")
    assert elapsed(night, berlin("2026-10-25"), berlin("2026-10-26")) == 2 * HOUR
    assert elapsed(night, berlin("2026-03-29"), berlin("2026-03-30")) == 0


def test_a_day_that_a_zone_leaves_out_never_comes() -> None:
    apia = calendar(Hours(periods=ROUND_THE_CLOCK), "Pacific/Apia")
    friday = calendar(Hours(periods=(Period(weekday=4, start_minute=540, end_minute=600),)), "Pacific/Apia")
    thursday, saturday = at("Pacific/Apia", "2011-12-29T12:00"), at("Pacific/Apia", "2011-12-31T12:00")
    assert saturday - thursday == DAY
    assert elapsed(apia, thursday, saturday) == DAY
    assert elapsed(friday, thursday, saturday) == 0
    assert opens(friday, thursday) == at("Pacific/Apia", "2012-01-06T09:00")


def test_a_leap_day_is_a_day() -> None:
    thursdays = calendar(Hours(periods=(Period(weekday=3, start_minute=0, end_minute=60),)))
    assert elapsed(thursdays, utc("2024-02-29"), utc("2024-03-01")) == HOUR


def test_holidays_close_and_exceptions_decide() -> None:
    hours = Hours(
        periods=WEEKDAYS,
        holidays={"2026-12-25": "Christmas", "2026-12-28": "Day off"},
        exceptions={
            "2026-12-24": (Span(start_minute=540, end_minute=720),),  # shorter
            "2026-12-27": (Span(start_minute=600, end_minute=660),),  # a Sunday
            "2026-12-28": (Span(start_minute=600, end_minute=720), Span(start_minute=780, end_minute=840)),
            "2026-12-29": (),  # closed
        },
    )
    shop = calendar(hours, "Europe/Berlin")
    days = ("2026-12-24", "2026-12-25", "2026-12-26", "2026-12-27", "2026-12-28", "2026-12-29", "2026-12-30")
    open_for = [elapsed(shop, berlin(day), berlin(day) + DAY) // HOUR for day in days]
    assert open_for == [3, 0, 0, 1, 3, 0, 8]
    assert due(shop, berlin("2026-12-24T11:00"), 3 * HOUR) == berlin("2026-12-28T11:00")
    assert opens(shop, berlin("2026-12-28T12:30")) == berlin("2026-12-28T13:00")


def test_its_own_zone_goes_before_the_organisations() -> None:
    shop = calendar(Hours(periods=WEEKDAYS, time_zone="Asia/Kathmandu"), "Europe/Berlin")
    assert is_open(shop, at("Asia/Kathmandu", "2026-01-05T09:00"))
    assert not is_open(shop, at("Asia/Kathmandu", "2026-01-05T09:00") - 1)


def test_equal_hours_share_a_calendar_and_others_do_not() -> None:
    first, second = Hours(periods=WEEKDAYS, holidays={"2026-01-01": "a"}), Hours(periods=WEEKDAYS)
    assert calendar(first, "UTC") is calendar(Hours(periods=WEEKDAYS, holidays={"2026-01-01": "a"}), "UTC")
    assert calendar(first, "UTC") is not calendar(second, "UTC")
    other_day = Hours(periods=WEEKDAYS, holidays={"2026-01-02": "a"})
    assert calendar(first, "UTC") is not calendar(other_day, "UTC")


MINUTES = some.integers(0, 96).map(lambda quarter: quarter * 15) | some.integers(0, 1440)


@some.composite
def spans(draw: some.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(some.sets(MINUTES, max_size=6)))
    return tuple(zip(edges[0::2], edges[1::2], strict=False))


@some.composite
def doors(draw: some.DrawFn) -> tuple[Door, int]:
    """Draw a sign, and a moment near one of the zone's changes or anywhere within decades."""
    zone = draw(some.sampled_from(sorted(CHANGES)))
    near = datetime.fromisoformat(draw(some.sampled_from(CHANGES[zone]))).replace(tzinfo=UTC)
    anywhere = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=draw(some.integers(0, 14_000)))
    start = draw(some.sampled_from((near, near, anywhere)))
    around = [start.date() + timedelta(days=number) for number in range(-3, 8)]
    door = Door(
        zone=zone,
        week={day: draw(spans()) for day in range(7)},
        closed=frozenset(draw(some.sets(some.sampled_from(around), max_size=3))),
        special=draw(some.dictionaries(some.sampled_from(around), spans(), max_size=3)),
    )
    return door, int(start.timestamp() * 1000) + draw(some.integers(-2 * DAY, 2 * DAY))


def hours_of(door: Door) -> Hours:
    return Hours(
        periods=tuple(
            Period(weekday=day, start_minute=start, end_minute=end)
            for day, periods in door.week.items()
            for start, end in periods
        ),
        holidays={day.isoformat(): "closed" for day in door.closed},
        exceptions={
            day.isoformat(): tuple(Span(start_minute=start, end_minute=end) for start, end in periods)
            for day, periods in door.special.items()
        },
    )


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
LONG = settings(max_examples=1_500, deadline=None, suppress_health_check=list(HealthCheck))


def agree(door: Door, start: int, length: int) -> None:
    """Compare with the slow clock; zones whose offset has odd seconds are stepped by the second."""
    fast = calendar(hours_of(door), door.zone)
    step = 1_000 if start < utc("1980-01-01") else MINUTE
    length = min(length, DAY // 2) if step < MINUTE else length
    passed = elapsed(fast, start, start + length)
    assert passed == slow_clock.elapsed(door, start, start + length, step)
    assert is_open(fast, start) == door.open_at(start)
    assert is_open(fast, start + length) == door.open_at(start + length)
    wanted = length // 3
    expected = slow_clock.due(door, start, wanted, start + length, step)
    found = due(fast, start, wanted)
    assert found == expected or (expected == 0 and (found == 0 or found > start + length))


def laws(door: Door, start: int, first: int, second: int) -> None:
    """Additivity, monotony, and that due is the first moment at which elapsed is reached."""
    fast = calendar(hours_of(door), door.zone)
    middle, end = start + first, start + first + second
    assert elapsed(fast, start, end) == elapsed(fast, start, middle) + elapsed(fast, middle, end)
    assert 0 <= elapsed(fast, start, middle) <= first
    comes = due(fast, start, second)
    assert comes == 0 or start <= comes <= start + LOOK_AHEAD_MS
    if comes:
        assert elapsed(fast, start, comes) == second
        assert second == 0 or elapsed(fast, start, comes - 1) == second - 1
        assert due(fast, start, second + 1) > comes or due(fast, start, second + 1) == 0
        assert due(fast, due(fast, start, second // 2), second - second // 2) == comes
    passed = elapsed(fast, start, middle)
    back = due(fast, start, passed)
    assert back <= middle
    assert elapsed(fast, back, middle) == 0


LENGTHS = some.integers(0, 9 * DAY)


@QUICK
@given(doors(), LENGTHS)
def test_it_agrees_with_the_slow_clock(drawn: tuple[Door, int], length: int) -> None:
    agree(*drawn, min(length, 2 * DAY))


@pytest.mark.long
@LONG
@given(doors(), LENGTHS)
def test_it_agrees_with_the_slow_clock_at_length(drawn: tuple[Door, int], length: int) -> None:
    agree(*drawn, length)


@settings(QUICK, max_examples=50)
@given(doors(), some.integers(0, 900 * DAY), some.integers(0, 90 * DAY))
def test_laws(drawn: tuple[Door, int], first: int, second: int) -> None:
    laws(*drawn, first, second)


@pytest.mark.long
@LONG
@given(doors(), some.integers(0, 3_600 * DAY), some.integers(0, 300 * DAY))
def test_laws_at_length(drawn: tuple[Door, int], first: int, second: int) -> None:
    laws(*drawn, first, second)


@pytest.mark.parametrize("zone", sorted(CHANGES))
def test_every_known_change_of_the_clocks(zone: str) -> None:
    door = Door(zone=zone, week=dict.fromkeys(range(7), ((0, 75), (90, 150), (175, 725), (1380, 1440))))
    for text in CHANGES[zone]:
        start = int(datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=UTC).timestamp() * 1000)
        agree(door, start - DAY + 1, 2 * DAY)
