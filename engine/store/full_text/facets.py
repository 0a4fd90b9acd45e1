"""Facets: what documents are narrowed by, each a set of documents under a name such as ``status:open``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DAY_MS = 86_400_000
LAST_MS = 253_402_300_799_000  # the year 9999
DAYS_AT_MOST = 62
"""A longer time is looked up by months, with days at its ends."""


def kind(value: str) -> str:
    """Name the facet of a kind; every document that is to be found has one, and only that one."""
    return f"kind:{value}"


def of_time(at_ms: int) -> tuple[str, str]:
    """Name the facets of a time: its day and its month, in UTC."""
    day = _day(at_ms)
    return f"day:{day:%Y%m%d}", f"month:{day:%Y%m}"


def of_case(*, status: str, queue: str, owner_id: str, team: str) -> list[str]:
    """Name the facets of a case, which its messages share."""
    named = (("status", status), ("queue", queue), ("owner", owner_id), ("team", team))
    return [f"{name}:{value}" for name, value in named if value]


def between(from_ms: int, to_ms: int) -> list[str]:
    """Name facets that together hold all that is in [from, to), and the rest of its first and last day at most."""
    first, last = _day(from_ms), _day(max(from_ms, to_ms - 1))
    if (last - first).days <= DAYS_AT_MOST:
        return _days(first, last)
    begin, end = _next_month(first), last.replace(day=1)
    months: list[str] = []
    month = begin
    while month < end:
        months.append(f"month:{month:%Y%m}")
        month = _next_month(month)
    return [*_days(first, begin - timedelta(days=1)), *months, *_days(end, last)]


def _days(first: datetime, last: datetime) -> list[str]:
    return [f"day:{first + timedelta(days=number):%Y%m%d}" for number in range((last - first).days + 1)]


def _day(at_ms: int) -> datetime:
    return datetime.fromtimestamp(max(0, min(at_ms, LAST_MS)) // DAY_MS * DAY_MS / 1000, tz=UTC)


def _next_month(day: datetime) -> datetime:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
