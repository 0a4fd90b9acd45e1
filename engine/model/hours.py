"""Business hours: when a team is at work, by the wall clock of its time zone.

Plain data that a snapshot holds: public holidays are written out by date when the files are read, so that what was put
into force does not change with a library (docs/decisions/0013-holidays-by-date.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DAY_MINUTES = 1_440


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """One opening period: weekday 0 (Monday) to 6, minutes after local midnight, end exclusive."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """One opening period of a single day: minutes after local midnight, end exclusive."""

    start_minute: int
    end_minute: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """When it is open: a week of periods, less the holidays, unless an exception says otherwise of a date."""

    periods: tuple[Period, ...] = ()
    key: str = ""
    time_zone: str = ""  # IANA name; "" = the organisation's
    holidays: Mapping[str, str] = field(default_factory=dict)  # date (ISO 8601) → name; closed
    exceptions: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)  # date → open so; () = closed

    def __hash__(self) -> int:
        """Hash what is at hand: equal hours are told apart by comparing, and there are few of a key."""
        return hash((self.key, self.time_zone, self.periods, len(self.holidays), len(self.exceptions)))


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarDay:
    """What business hours make of one date."""

    date: str  # ISO 8601
    open: tuple[tuple[int, int], ...]  # stretches (ms), end exclusive
    holiday: str = ""  # its name
    exception: bool = False  # as an exception says, whatever the weekday or holiday

    @property
    def business_ms(self) -> int:
        """Return how much business time the day has."""
        return sum(until - since for since, until in self.open)
