"""Times are written as RFC 3339."""

from engine.clock import moment, rfc3339


def test_milliseconds_are_kept() -> None:
    assert rfc3339(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"


def test_whole_seconds_keep_their_milliseconds() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"


def test_never_is_nothing() -> None:
    assert moment(0) is None
    assert moment(1) == "1970-01-01T00:00:00.001Z"
