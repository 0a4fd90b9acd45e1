"""Bounds of the chat channel: limits."""

from engine.channels.chat.limits import Limits
from engine.model.chat_limits import ChatLimits


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
