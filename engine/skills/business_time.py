"""Business time: how much of it has passed, and when an amount of it will have passed. Pure, exact to the millisecond.

The wall clock decides, as it does on the door: "until 17:00" is 17:00 on every day of the year. Each stretch of time
with one offset from UTC is laid over the week's periods by itself; so an hour that the clocks repeat counts twice, an
hour that they skip counts nothing, and a day that a zone leaves out never comes.

The open stretches of some months at a time are written out once, with running totals, and kept: both questions are
then two searches in a sorted list, whatever lies between. Rejected: stepping from day to day (a promise of weeks costs
milliseconds), and whole years at once (the first question would wait for them).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.model.hours import Hours, Period, Span

MINUTE_MS = 60_000
DAY_MS = 86_400_000
CHUNK_MS = 128 * DAY_MS
MOST_CHUNKS = 64
"""Some twenty years, a few kilobytes each."""
LOOK_AHEAD_MS = 3_660 * DAY_MS
"""Ten years: what is not due by then never is."""

_EPOCH = date(1970, 1, 1).toordinal()

Stretch = tuple[int, int]
"""Open from (ms, inclusive) to (ms, exclusive)."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The open stretches within ``CHUNK_MS``, in order, with the open time up to the end of each."""

    starts: Sequence[int]
    ends: Sequence[int]
    totals: Sequence[int]

    @property
    def total(self) -> int:
        return self.totals[-1] if self.totals else 0

    def before(self, at_ms: int) -> int:
        """Return the open time of this chunk before ``at_ms``."""
        index = bisect_right(self.starts, at_ms) - 1
        return 0 if index < 0 else self.totals[index] - max(0, self.ends[index] - at_ms)


class Calendar:
    """Business hours in their time zone, with what was worked out of them so far. Safe to share between threads."""

    def __init__(self, hours: Hours | None, zone: tzinfo) -> None:
        self.hours = hours  # None = always open
        self._zone = zone
        self._chunks: dict[int, _Chunk] = {}
        self._week = tuple(_spans(hours.periods, weekday) for weekday in range(7)) if hours else ()

    def chunk(self, number: int) -> _Chunk:
        """Return the stretches from ``number * CHUNK_MS`` on; worked out once, and again when forgotten."""
        found = self._chunks.get(number)
        if found is None:
            found = self._work_out(number * CHUNK_MS)
            if len(self._chunks) >= MOST_CHUNKS:
                self._chunks.clear()
            self._chunks[number] = found
        return found

    def local_date(self, at_ms: int) -> date:
        """Return the date on the wall at ``at_ms``."""
        return datetime.fromtimestamp(at_ms // 1000, tz=self._zone).date()

    @property
    def zone(self) -> tzinfo:
        """Return the zone whose wall clock decides."""
        return self._zone

    def _work_out(self, from_ms: int) -> _Chunk:
        starts: list[int] = []
        ends: list[int] = []
        totals: list[int] = []
        for start, end in self._stretches(from_ms, from_ms + CHUNK_MS):
            if ends and ends[-1] == start:
                ends[-1] = end
                totals[-1] += end - start
            else:
                totals.append((totals[-1] if totals else 0) + end - start)
                starts.append(start)
                ends.append(end)
        return _Chunk(starts, ends, totals)

    def _stretches(self, from_ms: int, to_ms: int) -> Iterator[Stretch]:
        for begins, until, offset in _offsets(self._zone, from_ms, to_ms):
            for day in range((begins + offset) // DAY_MS, (until - 1 + offset) // DAY_MS + 1):
                yield from self._of_day(day, begins, until, offset)

    def _of_day(self, day: int, begins: int, until: int, offset: int) -> Iterator[Stretch]:
        midnight = day * DAY_MS - offset
        for span in self.spans_of(date.fromordinal(_EPOCH + day)):
            start = max(begins, midnight + span.start_minute * MINUTE_MS)
            end = min(until, midnight + span.end_minute * MINUTE_MS)
            if start < end:
                yield start, end

    def opening(self, day: date) -> list[Stretch]:
        """Return the stretches in which the wall shows the date ``day`` and it is open, in order."""
        number = day.toordinal() - _EPOCH
        found: list[Stretch] = []
        for begins, until, offset in _offsets(self._zone, (number - 1) * DAY_MS, (number + 2) * DAY_MS):
            for start, end in self._of_day(number, begins, until, offset):
                since = found.pop()[0] if found and found[-1][1] == start else start
                found.append((since, end))
        return found

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Return the periods of a date on the wall: an exception's, none on a holiday, else the weekday's."""
        if self.hours is None:
            return (Span(start_minute=0, end_minute=1_440),)
        text = day.isoformat()
        exception = self.hours.exceptions.get(text)
        if exception is not None:
            return exception
        return () if text in self.hours.holidays else self._week[day.weekday()]


ALWAYS = Calendar(None, UTC)
"""The calendar of who is never closed."""


@lru_cache(maxsize=1_024)
def calendar(hours: Hours | None, time_zone_name: str = "UTC") -> Calendar:
    """Return the calendar of ``hours``, local to its own zone or else to ``time_zone_name``; remembered.

    Raises:
        ZoneInfoNotFoundError, ValueError: there is no such zone.
    """
    return ALWAYS if hours is None else Calendar(hours, time_zone(hours.time_zone or time_zone_name))


def time_zone(name: str) -> tzinfo:
    """Return the time zone ``name``; "UTC" works even on a system without time-zone tables.

    Raises:
        ZoneInfoNotFoundError, ValueError: there is no such zone.
    """
    return UTC if name == "UTC" else ZoneInfo(name)


def is_open(at: Calendar, now_ms: int) -> bool:
    """Say whether it is open at ``now_ms``."""
    if at.hours is None:
        return True
    chunk = at.chunk(now_ms // CHUNK_MS)
    index = bisect_right(chunk.starts, now_ms) - 1
    return index >= 0 and now_ms < chunk.ends[index]


def opens(at: Calendar, now_ms: int) -> int:
    """Return when it is open next: ``now_ms`` if it is, 0 if it will not be within ten years."""
    if is_open(at, now_ms):
        return now_ms
    first = now_ms // CHUNK_MS
    for number in range(first, (now_ms + LOOK_AHEAD_MS) // CHUNK_MS + 1):
        chunk = at.chunk(number)
        index = bisect_left(chunk.starts, now_ms)
        if index < len(chunk.starts):
            return chunk.starts[index]
    return 0


def elapsed(at: Calendar, from_ms: int, to_ms: int) -> int:
    """Return the business time between two moments (ms); 0 when ``to_ms`` is not the later one."""
    if to_ms <= from_ms:
        return 0
    if at.hours is None:
        return to_ms - from_ms
    first, last = from_ms // CHUNK_MS, to_ms // CHUNK_MS
    whole = sum(at.chunk(number).total for number in range(first, last))
    return whole + at.chunk(last).before(to_ms) - at.chunk(first).before(from_ms)


def due(at: Calendar, from_ms: int, business_ms: int) -> int:
    """Return the first moment at which ``business_ms`` of business time have passed since ``from_ms``.

    ``from_ms`` itself when there is nothing to wait for; 0 when it does not come within ten years.
    """
    if business_ms <= 0:
        return from_ms
    if at.hours is None:
        return from_ms + business_ms
    first, latest_ms = from_ms // CHUNK_MS, from_ms + LOOK_AHEAD_MS
    wanted = business_ms + at.chunk(first).before(from_ms)
    for number in range(first, latest_ms // CHUNK_MS + 1):
        chunk = at.chunk(number)
        if wanted <= chunk.total:
            index = bisect_left(chunk.totals, wanted)
            found = chunk.ends[index] - (chunk.totals[index] - wanted)
            return found if found <= latest_ms else 0
        wanted -= chunk.total
    return 0


def _spans(periods: Iterable[Period], weekday: int) -> tuple[Span, ...]:
    """Return the periods of a weekday in order; what overlaps is cut off the later one."""
    spans: list[Span] = []
    until = 0
    for period in sorted(periods, key=lambda period: (period.start_minute, period.end_minute)):
        start = max(period.start_minute, until)
        if period.weekday == weekday and start < period.end_minute:
            spans.append(Span(start_minute=start, end_minute=period.end_minute))
            until = period.end_minute
    return tuple(spans)


def _offsets(zone: tzinfo, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, int]]:
    """Yield (from, until, offset) for each stretch of one offset; the clocks change on whole seconds.

    Offsets are looked at once a day and the change searched for where two differ: the nearest two changes in the
    tables are four days apart (Freetown, 1939).
    """
    begins, offset = from_ms, _offset_ms(zone, from_ms)
    if zone is not UTC:
        for day_ms in range(from_ms + DAY_MS, to_ms + 1, DAY_MS):
            now = _offset_ms(zone, day_ms)
            if now != offset:
                change_ms = _change(zone, day_ms - DAY_MS, day_ms)
                yield begins, change_ms, offset
                begins, offset = change_ms, now
    if begins < to_ms:
        yield begins, to_ms, offset


def _change(zone: tzinfo, before_ms: int, after_ms: int) -> int:
    """Return the second at which the offset changes between two moments whose offsets differ."""
    offset = _offset_ms(zone, before_ms)
    while after_ms - before_ms > 1_000:
        middle_ms = (before_ms + after_ms) // 2_000 * 1_000
        if _offset_ms(zone, middle_ms) == offset:
            before_ms = middle_ms
        else:
            after_ms = middle_ms
    return after_ms


def _offset_ms(zone: tzinfo, at_ms: int) -> int:
    offset = datetime.fromtimestamp(at_ms // 1_000, tz=zone).utcoffset()
    assert offset is not None  # the zone is given
    return (offset.days * 86_400 + offset.seconds) * 1_000
