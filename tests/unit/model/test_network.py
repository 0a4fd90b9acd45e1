"""What counts as one network address."""

from engine.model.network import network_of


def test_an_ipv6_customer_is_one_network() -> None:
    assert network_of("2001:db8:1:2::3") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"


def test_ipv4_addresses_are_customers_also_where_they_are_written_as_ipv6() -> None:
    assert network_of("192.0.2.1") == network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("::ffff:192.0.2.2") != "192.0.2.1"


def test_what_is_no_address_is_itself() -> None:
    assert network_of("unix socket") == "unix socket"
    assert network_of("") == ""
