"""Moments as people say them: absolute, relative, by the organisation's days; and what is none."""

import pytest

from engine.clock import rfc3339
from engine.errors import InvalidInput
from engine.skills.moments import moment_ms

NOW_MS = 1_774_788_300_000  # 2026-03-29T12:45:00Z, the day on which Europe's clocks go forward


@pytest.mark.parametrize(
    ("said", "zone", "meant"),
    [
        ("now", "UTC", "2026-03-29T12:45:00.000Z"),
        ("now-7d", "UTC", "2026-03-22T12:45:00.000Z"),
        ("now+4h", "Asia/Shanghai", "2026-03-29T16:45:00.000Z"),
        ("now-90m", "UTC", "2026-03-29T11:15:00.000Z"),
        ("now-2w", "UTC", "2026-03-15T12:45:00.000Z"),
        ("today", "UTC", "2026-03-29T00:00:00.000Z"),
        ("today", "Asia/Shanghai", "2026-03-28T16:00:00.000Z"),
        ("today-1d", "Europe/Berlin", "2026-03-27T23:00:00.000Z"),
        ("today+1d", "Europe/Berlin", "2026-03-29T22:00:00.000Z"),  # a day of 23 hours
        ("2026-11-22", "Asia/Shanghai", "2026-11-21T16:00:00.000Z"),
        ("2026-11-22T08:00:00+08:00", "UTC", "2026-11-22T00:00:00.000Z"),
        (" 2026-11-22T08:00:00Z ", "Asia/Shanghai", "2026-11-22T08:00:00.000Z"),
        ("now-99999w", "UTC", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_a_moment_is_read(said: str, zone: str, meant: str) -> None:
    assert rfc3339(moment_ms(said, now_ms=NOW_MS, zone=zone)) == meant


@pytest.mark.parametrize(
    "said", ["", "soon", "now-", "now-7", "now-7y", "now -7d", "7d", "2026-13-01", "2026-11-22T08:00:00", "x" * 500]
)
def test_what_is_no_moment_is_refused(said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        moment_ms(said, now_ms=NOW_MS)
    assert "now-7d" in caught.value.mend
