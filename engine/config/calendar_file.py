"""All-day events of an iCalendar file (RFC 5545) as dates: the company's own holidays.

Bounded: so many events, days and recurrences within the horizon, and only recurrences whose every step finds a day
(a daily rule that asks for 30 February would be searched for until the year 9999).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from engine.config.holiday_dates import FIRST_YEAR, LAST_YEAR, MOST_HOLIDAYS

MOST_EVENTS = 2_000
LONGEST_EVENT_DAYS = 366
EARLIEST_YEAR = 1900

_FIRST, _LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
_PLAIN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
_ALLOWED = {
    "YEARLY": {*_PLAIN, "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY"},
    "MONTHLY": {*_PLAIN, "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"},
    "WEEKLY": {*_PLAIN, "BYDAY"},
    "DAILY": _PLAIN,
}


def calendar_holidays(content: bytes) -> dict[str, str]:
    """Return date (ISO 8601) → name of every day that an event of the file covers.

    Multi-day events count whole (``DTEND`` is the day after the last), recurring ones within the horizon, less
    ``EXDATE`` and with what a ``RECURRENCE-ID`` moved; cancelled events do not count.

    Raises:
        ValueError: not an iCalendar file, an event with a time of day, a rule that is not supported, or too much.
    """
    import icalendar  # noqa: PLC0415 - the other commands start quicker without

    try:
        parsed = icalendar.Calendar.from_ical(content)
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(f"not an iCalendar file: {error}") from error
    events = parsed.walk("VEVENT")
    if len(events) > MOST_EVENTS:
        raise ValueError(f"more than {MOST_EVENTS} events")
    moved = {(_uid(event), _day(event, "RECURRENCE-ID")) for event in events if event.get("RECURRENCE-ID")}
    found: dict[str, str] = {}
    for event in events:
        for day in _days(event, moved):
            found.setdefault(day.isoformat(), _name(event))
            if len(found) > MOST_HOLIDAYS:
                raise ValueError(f"more than {MOST_HOLIDAYS} days")
    return dict(sorted(found.items()))


def _days(event: Any, moved: set[tuple[str, date]]) -> Iterator[date]:  # noqa: ANN401 - the library's types say no more
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    first = _day(event, "DTSTART")
    length = _length(event, first)
    if not 1 <= length <= LONGEST_EVENT_DAYS:
        raise ValueError(f"the event '{_name(event)}' has {length} days; between 1 and {LONGEST_EVENT_DAYS} can be")
    for start in _starts(event, first, moved):
        for number in range(length):
            day = start + timedelta(days=number)
            if _FIRST <= day <= _LAST:
                yield day


def _starts(event: Any, first: date, moved: set[tuple[str, date]]) -> Iterator[date]:  # noqa: ANN401 - as above
    if event.get("RECURRENCE-ID"):
        yield first
        return
    left_out = {_plain(event, each.dt) for each in _listed(event.get("EXDATE"))}
    starts = {first, *(_plain(event, each.dt) for each in _listed(event.get("RDATE"))), *_recurring(event, first)}
    yield from sorted(start for start in starts if start not in left_out and (_uid(event), start) not in moved)


def _recurring(event: Any, first: date) -> Iterator[date]:  # noqa: ANN401 - as above
    rule = event.get("RRULE")
    if rule is None:
        return
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - as above

    frequency = "" if isinstance(rule, list) else str(rule.get("FREQ", [""])[0])
    if frequency not in _ALLOWED or not set(rule) <= _ALLOWED[frequency] or first.year < EARLIEST_YEAR:
        raise ValueError(f"the event '{_name(event)}' recurs in a way that is not supported")
    for moment in rrulestr(_bounded(rule), dtstart=datetime.combine(first, time.min)):
        if moment.date() > _LAST:
            return
        yield moment.date()


def _bounded(rule: Any) -> str:  # noqa: ANN401 - as above
    """Return a rule's text, with the end of a bounded one as a day without a zone."""
    parts = dict(rule)
    until = parts.pop("UNTIL", None)
    text = ";".join(f"{name}={','.join(map(_text, values))}" for name, values in parts.items())
    if until:
        last = until[0].date() if isinstance(until[0], datetime) else until[0]
        text += f";UNTIL={last:%Y%m%d}"
    return text


def _text(value: object) -> str:
    to_ical = getattr(value, "to_ical", None)
    return to_ical().decode() if to_ical else str(value)


def _length(event: Any, first: date) -> int:  # noqa: ANN401 - as above
    if event.get("DTEND"):
        return (_day(event, "DTEND") - first).days
    duration = event.get("DURATION")
    return int(duration.dt.days) if duration else 1


def _day(event: Any, name: str) -> date:  # noqa: ANN401 - as above
    value = event.get(name)
    if value is None:
        raise ValueError(f"the event '{_name(event)}' has no {name}")
    return _plain(event, value.dt)


def _plain(event: Any, value: object) -> date:  # noqa: ANN401 - as above
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(f"the event '{_name(event)}' has a time of day; only all-day events close a day")


def _listed(value: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    for each in value if isinstance(value, list) else [value]:
        yield from each.dts if each is not None else ()


def _uid(event: Any) -> str:  # noqa: ANN401 - as above
    return str(event.get("UID", ""))


def _name(event: Any) -> str:  # noqa: ANN401 - as above
    return (str(event.get("SUMMARY", "")).strip() or "closed")[:80]
