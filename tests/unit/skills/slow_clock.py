"""Business time the slow way: every second (or every so many) is asked by itself what the clock on the wall shows.

Written from the documentation, not from the fast reckoning: no offsets, no sorted lists, nothing remembered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

Minutes = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Door:
    """The sign at the door."""

    zone: str
    week: Mapping[int, tuple[Minutes, ...]]  # weekday, 0 = Monday
    closed: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Minutes, ...]] = field(default_factory=dict)

    def open_at(self, at_ms: int) -> bool:
        """Look at the clock on the wall, then at the sign."""
        wall = datetime.fromtimestamp(at_ms // 1000, tz=ZoneInfo(self.zone))
        day = wall.date()
        if day in self.special:
            today = self.special[day]
        elif day in self.closed:
            today = ()
        else:
            today = self.week.get(wall.weekday(), ())
        seconds = wall.hour * 3600 + wall.minute * 60 + wall.second
        return any(start * 60 <= seconds < end * 60 for start, end in today)


def elapsed(door: Door, from_ms: int, to_ms: int, step_ms: int = 60_000) -> int:
    """Add up the open steps; the first and last are cut. Steps must not straddle a change of the clocks or the door."""
    total, at_ms = 0, from_ms
    while at_ms < to_ms:
        until_ms = min(to_ms, (at_ms // step_ms + 1) * step_ms)
        if door.open_at(at_ms):
            total += until_ms - at_ms
        at_ms = until_ms
    return total


def due(door: Door, from_ms: int, wanted_ms: int, latest_ms: int, step_ms: int = 60_000) -> int:
    """Step until so much has passed; 0 when it has not by ``latest_ms``."""
    at_ms = from_ms
    if wanted_ms <= 0:
        return from_ms
    while at_ms < latest_ms:
        until_ms = (at_ms // step_ms + 1) * step_ms
        if door.open_at(at_ms):
            if wanted_ms <= until_ms - at_ms:
                return at_ms + wanted_ms
            wanted_ms -= until_ms - at_ms
        at_ms = until_ms
    return 0


def days_from(first: date, count: int) -> Iterator[date]:
    """Yield so many dates."""
    return (first + timedelta(days=number) for number in range(count))
