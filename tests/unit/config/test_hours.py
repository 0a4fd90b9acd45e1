"""Business hours in the files: time zone, holidays by country and by calendar, exceptions."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.config.calendar_file import calendar_holidays
from engine.config.compile import load
from engine.config.holiday_dates import FIRST_YEAR, LAST_YEAR, public_holidays
from engine.config.snapshot import pack, unpack
from engine.config.watch import look
from engine.model.hours import Span
from tests.unit.config.conftest import Load, Refused, write

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n"


def event(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", ""))


def ics(*events: str) -> bytes:
    return (HEAD + "".join(events) + "END:VCALENDAR\r\n").encode()


def days_of(*lines: str) -> list[str]:
    return list(calendar_holidays(ics(event(*lines))))


def test_every_part_arrives(load_with: Load) -> None:
    organisation = load_with(
        {
            "hours.yaml": (
                "hours:\n  office:\n    monday: ['09:00-12:00', '13:00-17:00']\n    time_zone: Asia/Kathmandu\n"
                "    holidays: {country: DE, subdivision: BY}\n"
                "    exceptions: {2026-12-24: ['09:00-12:00'], 2026-12-31: closed, 2027-01-01: []}\n"
            ),
            "queues.yaml": "queues: {general: {name: General, hours: office}, other: {name: Other, hours: office}}\n",
        }
    )
    hours = organisation.hours["office"]
    assert hours.key == "office"
    assert hours.time_zone == "Asia/Kathmandu"
    assert hours.holidays["2026-10-03"] == "German Unity Day"
    assert hours.holidays["2026-01-06"] == "Epiphany"
    assert hours.exceptions == {
        "2026-12-24": (Span(start_minute=540, end_minute=720),),
        "2026-12-31": (),
        "2027-01-01": (),
    }
    packed = pack(organisation)
    assert packed.compiled.count(b"2026-10-03") == 1
    assert unpack(packed.compiled, version=0) == organisation


def test_names_of_holidays_follow_the_organisations_language() -> None:
    assert public_holidays("DE", "", ("public",), "de-AT")["2026-12-25"] == "Erster Weihnachtstag"
    assert public_holidays("DE", "", ("public",), "en")["2026-12-25"] == "Christmas Day"
    assert public_holidays("DE", "", ("public",), "zh-CN")["2026-12-25"] == "Erster Weihnachtstag"


def test_public_holidays_stop_at_the_horizon() -> None:
    years = {int(day[:4]) for day in public_holidays("US", "CA", ("public", "half_day"), "en")}
    assert years == set(range(FIRST_YEAR, LAST_YEAR + 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time_zone: Europe/Nowhere", "hours.yaml:3: there is no time zone 'Europe/Nowhere'"),
        ("holidays: {}", "hours.yaml:3: the holidays are of no country and no calendar"),
        ("holidays: {subdivision: BY, calendar: a.ics}", "a subdivision of no country"),
        ("holidays: {country: XX}", "hours.yaml:3: there are no holidays of the country 'XX'"),
        ("holidays: {country: DE, subdivision: ZZ}", "'DE' has no subdivision 'ZZ'; known: "),
        ("holidays: {country: DE, categories: [bank]}", "no holidays of the category 'bank'; known: catholic"),
        ("holidays: {calendar: works.ics}", "there is no file 'works.ics' in the directory"),
        ("holidays: {calendar: ../works.ics}", "name a file beside this one that ends in .ics"),
        ("exceptions: {2026-02-30: closed}", "write dates as 2026-12-24"),
        ("exceptions: {2026-02-28: ['10:00-09:00']}", "'10:00-09:00' ends before it begins"),
        ("exceptions: {2026-02-28: open}", "hours.h.exceptions.2026-02-28"),
    ],
)
def test_what_is_refused(refused: Refused, text: str, expected: str) -> None:
    problems = refused({"hours.yaml": f"hours:\n  h:\n    {text}\n"})
    assert any(expected in problem for problem in problems), problems


def test_a_calendar_file_beside_the_yaml(tmp_path: Path) -> None:
    write(tmp_path, {"hours.yaml": "hours: {h: {holidays: {calendar: works.ics, country: DE}}}\n"})
    before = look(tmp_path)
    (tmp_path / "works.ics").write_bytes(ics(event("UID:1", "SUMMARY:Inventory", "DTSTART;VALUE=DATE:20260105")))
    assert look(tmp_path) != before
    holidays = load(tmp_path).hours["h"].holidays
    assert holidays["2026-01-05"] == "Inventory"
    assert holidays["2026-01-01"]


def test_events_of_one_and_of_more_days() -> None:
    assert days_of("UID:1", "DTSTART;VALUE=DATE:20260228") == ["2026-02-28"]
    assert days_of("UID:1", "DTSTART;VALUE=DATE:20240228", "DTEND;VALUE=DATE:20240302") == [
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
    ]
    assert days_of("UID:1", "DTSTART;VALUE=DATE:20261231", "DURATION:P2D") == ["2026-12-31", "2027-01-01"]


def test_an_event_that_recurs() -> None:
    yearly = days_of("UID:1", "DTSTART;VALUE=DATE:20150229".replace("0229", "0301"), "RRULE:FREQ=YEARLY")
    assert yearly == [f"{year}-03-01" for year in range(FIRST_YEAR, LAST_YEAR + 1)]
    until = ("UID:1", "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260119")
    assert days_of(*until) == ["2026-01-05", "2026-01-12", "2026-01-19"]
    assert days_of(*until, "EXDATE;VALUE=DATE:20260112") == ["2026-01-05", "2026-01-19"]
    assert days_of("UID:1", "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=DAILY;COUNT=2") == ["2026-01-05", "2026-01-06"]
    last_friday = ("UID:1", "DTSTART;VALUE=DATE:20260130", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3")
    assert days_of(*last_friday) == ["2026-01-30", "2026-02-27", "2026-03-27"]
    more = ("UID:1", "DTSTART;VALUE=DATE:20260105", "RDATE;VALUE=DATE:20260301")
    assert days_of(*more) == ["2026-01-05", "2026-03-01"]


def test_a_moved_and_a_cancelled_occurrence() -> None:
    whole = event("UID:1", "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=WEEKLY;COUNT=3")
    moved = event("UID:1", "RECURRENCE-ID;VALUE=DATE:20260112", "DTSTART;VALUE=DATE:20260113")
    gone = event("UID:1", "RECURRENCE-ID;VALUE=DATE:20260119", "DTSTART;VALUE=DATE:20260119", "STATUS:CANCELLED")
    assert list(calendar_holidays(ics(whole, moved, gone))) == ["2026-01-05", "2026-01-13"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe", "not an iCalendar file"),
        (b"hello", "not an iCalendar file"),
        (ics(event("UID:1", "SUMMARY:Party", "DTSTART:20260105T180000Z")), "'Party' has a time of day"),
        (ics(event("UID:1", "SUMMARY:Party")), "'Party' has no DTSTART"),
        (ics(event("UID:1", "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=HOURLY")), "recurs in a way"),
        (ics(event("UID:1", "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=DAILY;BYMONTHDAY=31")), "recurs in a way"),
        (ics(event("UID:1", "DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260105")), "has 0 days"),
        (ics(event("UID:1", "DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20360105")), "has 3652 days"),
        (ics(event("UID:1", "DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=DAILY")), "more than 5000 days"),
    ],
)
def test_calendars_that_are_refused(content: bytes, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        calendar_holidays(content)


def test_the_horizon_is_far_enough() -> None:
    assert datetime.now(UTC).year + 5 <= LAST_YEAR, "let LAST_YEAR grow"
