"""Addresses as they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.customers.addresses import checked_region, domain_of, normalised
from engine.errors import InvalidInput


@pytest.mark.parametrize(
    ("channel", "value", "region", "key"),
    [
        ("email", "  Zoe@Example.ORG ", "", "zoe@example.org"),
        ("email", "Straße@example.de", "", "strasse@example.de"),
        ("phone", "+44 (0)20 7946 0000", "", "+442079460000"),
        ("phone", "020 7946 0000", "GB", "+442079460000"),
        ("phone", "0171-1234567", "DE", "+491711234567"),
        ("phone", "138 0013 8000", "CN", "+8613800138000"),
        ("phone", "+49 171 1234567", "CN", "+491711234567"),
        ("wechat", " oABC-xyz ", "", "oABC-xyz"),
    ],
)
def test_the_same_address_has_the_same_key(channel: str, value: str, region: str, key: str) -> None:
    assert normalised(channel, value, region) == key


@pytest.mark.parametrize(
    ("channel", "value"),
    [
        ("email", "zoe"),
        ("email", "a b@example.org"),
        ("email", "a" * 250 + "@example.org"),
        ("phone", "020 7946 0000"),
        ("phone", "+44 1"),
        ("phone", "call me"),
        ("wechat", "  "),
        ("We Chat", "x"),
    ],
)
def test_what_is_no_address_is_refused(channel: str, value: str) -> None:
    with pytest.raises(InvalidInput):
        normalised(channel, value)


def test_a_country_is_one_that_telephone_numbers_know() -> None:
    assert (checked_region("gb"), checked_region("")) == ("GB", "")
    with pytest.raises(InvalidInput):
        checked_region("XX")


def test_a_public_domain_says_nothing() -> None:
    assert (domain_of("zoe@Example.org"), domain_of("zoe@gmail.com"), domain_of("x")) == ("example.org", "", "x")


@given(st.text(max_size=60), st.sampled_from(["", "GB", "CN"]))
def test_a_key_is_its_own_key(value: str, region: str) -> None:
    for channel in ("email", "phone", "net"):
        try:
            key = normalised(channel, value, region)
        except InvalidInput:
            continue
        assert normalised(channel, key) == key
