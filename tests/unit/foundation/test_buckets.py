"""Token buckets."""

from hypothesis import given
from hypothesis import strategies as st

from engine.buckets import MOST, Bucket, Buckets


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


def test_memory_stays_bounded_and_forgets_who_was_away_longest() -> None:
    buckets = Buckets()
    for number in range(MOST + 100):
        assert buckets.take(f"address-{number}", rate=1, burst=1, now_ms=0) == 0
        assert buckets.take("busy", rate=1, burst=1, now_ms=0) == 0 or number
    assert len(buckets) == MOST
    assert buckets.take("busy", rate=1, burst=1, now_ms=0) > 0, "who keeps trying is not forgotten"


def test_what_is_given_back_can_be_taken_again() -> None:
    buckets = Buckets()
    for _ in range(10):
        assert buckets.take("a", rate=0.001, burst=1, now_ms=0) == 0
        buckets.give_back("a")
    buckets.give_back("never seen")
    assert buckets.take("a", rate=0.001, burst=1, now_ms=0) == 0
    assert buckets.take("a", rate=0.001, burst=1, now_ms=0) > 0
