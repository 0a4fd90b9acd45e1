"""Bounds of the chat channel: limits."""

from hypothesis import given
from hypothesis import strategies as st

from engine.channels.chat.limits import Bucket, Buckets, Limits
from engine.model.organisation import ChatLimits


@given(
    st.lists(st.integers(min_value=0, max_value=5_000), min_size=1, max_size=200),
    st.floats(min_value=0.5, max_value=50),
    st.integers(min_value=1, max_value=20),
)
def test_a_bucket_never_lets_more_through_than_it_says(gaps: list[int], rate: float, burst: int) -> None:
    now_ms, taken = 0, 0
    bucket = Bucket(rate=rate, burst=burst, now_ms=0)
    for gap in gaps:
        now_ms += gap
        if bucket.take(now_ms, rate=rate, burst=burst) == 0:
            taken += 1
    assert taken <= burst + now_ms * rate / 1000 + 1e-6


@given(st.floats(min_value=0.1, max_value=50), st.integers(min_value=1, max_value=20))
def test_who_waits_as_told_gets_through(rate: float, burst: int) -> None:
    bucket = Bucket(rate=rate, burst=burst, now_ms=0)
    assert [bucket.take(0, rate=rate, burst=burst) for _ in range(burst)] == [0] * burst
    wait_ms = bucket.take(0, rate=rate, burst=burst)
    assert wait_ms > 0
    assert bucket.take(wait_ms, rate=rate, burst=burst) == 0


def test_a_clock_set_back_takes_nothing_away() -> None:
    bucket = Bucket(rate=1, burst=2, now_ms=10_000)
    assert bucket.take(5_000, rate=1, burst=2) == 0
    assert bucket.take(5_000, rate=1, burst=2) == 0
    assert bucket.take(5_000, rate=1, burst=2) > 0


def test_new_bounds_hold_at_once() -> None:
    bucket = Bucket(rate=1, burst=10, now_ms=0)
    assert bucket.take(0, rate=1, burst=1) == 0
    assert bucket.take(0, rate=1, burst=1) > 0


def test_full_buckets_are_forgotten() -> None:
    buckets = Buckets()
    for number in range(20_000):
        buckets.take(f"address-{number}", rate=10, burst=5, now_ms=number)
    assert len(buckets) < 5_000


def test_visitors_and_addresses_are_counted_apart() -> None:
    limits, bounds = Limits(), ChatLimits(visitor_rate=1, visitor_burst=1, address_rate=1, address_burst=2)
    assert limits.message("eve", bounds, 0) == 0
    assert limits.message("eve", bounds, 0) > 0
    assert limits.message("bob", bounds, 0) == 0
    assert [limits.frame("::1", bounds, 0) > 0 for _ in range(3)] == [False, False, True]


def test_sockets_per_address_are_capped_and_freed() -> None:
    limits, bounds = Limits(), ChatLimits(sockets_per_address=2)
    assert [limits.admit("::1", bounds) for _ in range(3)] == [True, True, False]
    assert limits.admit("2001:db8::1", bounds)
    limits.release("::1")
    assert limits.admit("::1", bounds)
    for _ in range(5):
        limits.release("::1")
    assert limits.admit("::1", bounds)


def test_the_many_addresses_of_one_ipv6_customer_count_as_one() -> None:
    limits, bounds = Limits(), ChatLimits(sockets_per_address=2, address_rate=1, address_burst=2)
    addresses = [f"2001:db8:1:2::{number}" for number in range(1, 4)]
    assert [limits.admit(one, bounds) for one in addresses] == [True, True, False]
    assert [limits.frame(one, bounds, 0) > 0 for one in addresses] == [False, False, True]
    limits.release(addresses[2])
    assert limits.admit(addresses[0], bounds)
