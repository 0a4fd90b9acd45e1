"""Buckets of submissions, and what was sent lately."""

from engine.channels.form.limits import Limits
from engine.model.form import SpamGuard

GUARD = SpamGuard(address_burst=2, address_every_ms=1_000, channel_burst=3, channel_every_ms=1_000)
PLACE = ("acme", "contact")


def test_an_address_and_a_form_have_a_bucket_each() -> None:
    limits = Limits(duplicates=10)
    assert [limits.take(PLACE, "192.0.2.1", GUARD, 0) for _ in range(2)] == [0, 0]
    assert limits.take(PLACE, "192.0.2.1", GUARD, 0) > 0
    assert limits.take(PLACE, "192.0.2.2", GUARD, 0) == 0
    assert limits.take(PLACE, "192.0.2.3", GUARD, 0) > 0, "the form's is empty"
    assert limits.take(("acme", "other"), "192.0.2.1", GUARD, 0) == 0
    assert limits.take(PLACE, "192.0.2.1", GUARD, 1_001) == 0


def test_what_came_to_nothing_does_not_count() -> None:
    limits = Limits(duplicates=10)
    for _ in range(20):
        assert limits.take(PLACE, "192.0.2.1", GUARD, 0) == 0
        limits.give_back(PLACE, "192.0.2.1")


def test_the_same_text_with_another_token_is_a_duplicate_for_a_while() -> None:
    limits = Limits(duplicates=2)
    limits.note(PLACE, "digest", "one", 0)
    assert not limits.repeated(PLACE, "digest", "one", within_ms=100, now_ms=50)
    assert limits.repeated(PLACE, "digest", "two", within_ms=100, now_ms=50)
    assert not limits.repeated(PLACE, "digest", "two", within_ms=100, now_ms=100)
    assert not limits.repeated(("acme", "other"), "digest", "two", within_ms=100, now_ms=50)
    for number in range(2):
        limits.note(PLACE, f"{number}", "one", 60)
    assert not limits.repeated(PLACE, "digest", "two", within_ms=100, now_ms=60), "only so many are remembered"
