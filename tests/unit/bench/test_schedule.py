import itertools

from engine.bench.schedule import arrivals, regular


def test_arrivals_are_fixed_by_their_seed() -> None:
    assert arrivals(100, 5, seed=3) == arrivals(100, 5, seed=3)
    assert arrivals(100, 5, seed=3) != arrivals(100, 5, seed=4)


def test_arrivals_come_in_order_at_about_the_rate() -> None:
    times = arrivals(200, 50, seed=1)
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] < 50
    assert abs(len(times) - 10_000) < 400  # four standard deviations


def test_gaps_are_those_of_independent_customers() -> None:
    times = arrivals(100, 200, seed=2)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert 0.9 < variance**0.5 / mean < 1.1  # exponential: the deviation equals the mean


def test_no_rate_no_arrivals() -> None:
    assert arrivals(0, 10, seed=1) == []
    assert arrivals(10, 0, seed=1) == []


def test_a_regular_beat() -> None:
    assert list(regular(4, 3)) == [0, 0.25, 0.5]
