import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bench.histogram import ERROR, Histogram, summarise

SECONDS = st.floats(min_value=2e-6, max_value=1_000, allow_nan=False)


def exact(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


@given(st.lists(SECONDS, min_size=1, max_size=300), st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_every_quantile_is_within_the_error(values: list[float], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    wanted = exact(values, share)
    assert histogram.quantile(share) == pytest.approx(wanted, rel=2 * ERROR)


def test_the_greatest_is_exact_and_bounds_every_quantile() -> None:
    histogram = Histogram()
    for value in (0.0011, 0.0107, 0.5003):
        histogram.record(value)
    summary = histogram.summary()
    assert summary.max_ms == pytest.approx(500.3)
    assert summary.p99_ms <= summary.max_ms
    assert summary.count == 3
    assert summary.mean_ms == pytest.approx((1.1 + 10.7 + 500.3) / 3)


def test_many_small_values_keep_few_buckets() -> None:
    chance = random.Random(7)
    histogram = Histogram()
    for _ in range(20_000):
        histogram.record(chance.lognormvariate(-5, 1))
    assert histogram.count == 20_000
    assert len(histogram._buckets) < 700


def test_nothing_and_nearly_nothing() -> None:
    histogram = Histogram()
    assert histogram.summary().as_mapping() == dict.fromkeys(
        ("count", "mean_ms", "p50_ms", "p90_ms", "p99_ms", "max_ms"), 0
    )
    histogram.record(-1.0)
    histogram.record(0.0)
    assert histogram.quantile(1) == 0
    assert histogram.count == 2


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_lies_between_none_and_all(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Histogram().quantile(share)


def test_summaries_by_name() -> None:
    histogram = Histogram()
    histogram.record(0.25)
    assert summarise({"relay": histogram})["relay"]["max_ms"] == 250
