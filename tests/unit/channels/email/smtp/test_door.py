from engine.channels.email.smtp.door import GUESSES, Door


def door(**changes: object) -> Door:
    settings: dict[str, object] = {"connections": 10, "per_address": 2, "rate": 60, "networks": ("10.0.0.0/8",)}
    return Door(**(settings | changes))  # type: ignore[arg-type]


def test_connections_are_counted_by_address_and_in_all() -> None:
    one = door()
    assert [one.enter("192.0.2.1") for _ in range(3)] == ["", "", "connections-of-address"]
    assert one.enter("192.0.2.2") == ""
    assert one.inside == 3
    one.leave("192.0.2.1")
    assert one.enter("192.0.2.1") == ""


def test_an_address_of_a_network_that_is_trusted_and_this_machine_are_bound_by_the_total_only() -> None:
    one = door()
    assert {one.enter("10.1.2.3") for _ in range(5)} == {""}
    assert {one.enter("") for _ in range(5)} == {""}
    assert one.enter("10.1.2.3") == one.enter("") == "connections"
    assert [one.mail("10.1.2.3", 0) for _ in range(100)] == [0] * 100


def test_an_ipv6_customer_is_one_address_and_a_mapped_one_is_ipv4() -> None:
    one = door()
    assert [one.enter(f"2001:db8::{number}") for number in range(3)] == ["", "", "connections-of-address"]
    assert one.enter("2001:db8:0:1::1") == ""
    assert [one.enter(ip) for ip in ("::ffff:192.0.2.9", "192.0.2.9", "192.0.2.9")] == [
        "",
        "",
        "connections-of-address",
    ]
    assert one.trusts("::ffff:10.0.0.1")
    assert one.enter("fe80::1%eth0") == ""


def test_mails_have_a_rate() -> None:
    one = door(rate=2)
    assert [one.mail("192.0.2.1", 0) for _ in range(2)] == [0, 0]
    wait_ms = one.mail("192.0.2.1", 0)
    assert 29_000 < wait_ms < 31_000
    assert one.mail("192.0.2.2", 0) == 0
    assert one.mail("192.0.2.1", wait_ms) == 0


def test_right_passwords_do_not_count() -> None:
    one = door()
    for _ in range(GUESSES * 3):
        assert one.guess("192.0.2.1", 0) == 0
        one.guessed("192.0.2.1")
    assert [one.guess("192.0.2.1", 0) > 0 for _ in range(GUESSES + 1)] == [False] * GUESSES + [True]
