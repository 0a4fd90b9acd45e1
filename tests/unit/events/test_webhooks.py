"""Signatures, waits and addresses of webhooks."""

import base64
import ipaddress

import pytest

from engine.errors import InvalidInput
from engine.events.address import is_public, target_of
from engine.events.schedule import Schedule
from engine.skills.signature import headers, read_secrets


def test_the_specification_s_own_example() -> None:
    """The example of the specification's reference implementations (standard-webhooks, test data)."""
    (key,) = read_secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at_s=1_614_265_330, body=b'{"test": 2432232314}', keys=[key]
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "text", ["", "abc", "whsec_***", "whsec_" + base64.b64encode(b"k" * 23).decode(), "whsec_" + "A" * 200]
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_secrets(text)


def test_waits_grow_to_hours_and_spread() -> None:
    plain = Schedule()
    waits = [plain.wait_ms(n, lambda: 0.5) for n in range(1, 12)]
    assert waits[:4] == [5_000, 15_000, 45_000, 135_000]
    assert waits == sorted(waits)
    assert waits[-1] == 3 * 3_600_000
    assert (plain.wait_ms(1, lambda: 0.0), plain.wait_ms(1, lambda: 1.0)) == (4_000, 6_000)
    assert plain.wait_ms(1, lambda: 0.5, asked_ms=60_000) == 60_000
    assert plain.wait_ms(1, lambda: 0.5, asked_ms=10**12) == 3 * 3_600_000
    assert not plain.is_over(0, 10**12)
    assert plain.is_over(1, 86_400_001)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https:///path",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://exämple.com/",
        "https://example.com/a b",
        "https://example.com/" + "a" * 2_000,
        "not a url",
    ],
)
def test_what_is_no_webhook_s_address(url: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        target_of(url, private=False)
    assert wrong.value.fields["field"] == "url"


def test_addresses_of_webhooks() -> None:
    assert target_of("https://Hooks.example/in?x=1", private=False).host == "hooks.example"
    assert target_of("https://hooks.example:8443/", private=False).port == 8_443
    assert target_of("http://10.0.0.1/", private=True).port == 80
