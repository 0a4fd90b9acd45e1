"""Attempts are counted by address."""

import pytest

from engine.api.limiter import AddressLimiter
from engine.errors import TooFast


class Time:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return self.ms


def test_so_many_at_once_then_one_at_a_time() -> None:
    clock = Time()
    limiter = AddressLimiter(rate=0.5, burst=3, clock=clock)
    for _ in range(3):
        limiter.take("192.0.2.1")
    with pytest.raises(TooFast) as refused:
        limiter.take("192.0.2.1")
    assert refused.value.fields["retry_after_ms"] == 2_001
    limiter.take("192.0.2.2")
    clock.ms += 2_001
    limiter.take("192.0.2.1")
    clock.ms -= 10_000  # a clock set back gives nothing and breaks nothing
    with pytest.raises(TooFast):
        limiter.take("192.0.2.1")


def test_a_rightful_attempt_is_given_back() -> None:
    limiter = AddressLimiter(rate=0.001, burst=1, clock=Time())
    for _ in range(10):
        limiter.take("192.0.2.1")
        limiter.give_back("192.0.2.1")


def test_an_ipv6_customer_is_counted_by_his_network() -> None:
    limiter = AddressLimiter(rate=0.001, burst=1, clock=Time())
    limiter.take("2001:db8:1:2::3")
    with pytest.raises(TooFast):
        limiter.take("2001:db8:1:2:ffff::9")
