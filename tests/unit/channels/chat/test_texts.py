"""What the engine says to visitors."""

import pytest

from engine.channels.chat.texts import idle_warning


@pytest.mark.parametrize(
    ("locale", "closes_in_ms", "part"),
    [
        ("en", 120_000, "2 min"),
        ("en-GB", 90_000, "90 s"),
        ("zh-CN", 60_000, "1分钟"),
        ("zh_Hans", 100, "1秒"),
        ("fr", 60_000, "1 min"),
        ("", 60_000, "1 min"),
    ],
)
def test_the_warning_speaks_the_visitors_language(locale: str, closes_in_ms: int, part: str) -> None:
    assert part in idle_warning(locale, closes_in_ms)
