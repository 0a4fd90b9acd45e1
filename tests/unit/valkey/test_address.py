"""The board's address: one server, or nodes of a cluster."""

import pytest

from engine.errors import ConfigurationError
from engine.valkey.address import at_endpoint, endpoint_of, read_addresses


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("redis://one:6379", ("redis://one:6379",)),
        (" valkey://one ", ("redis://one",)),
        ("valkeys://ada:secret@one:7000/0", ("rediss://ada:secret@one:7000/0",)),
        ("unix:///tmp/valkey.sock", ("unix:///tmp/valkey.sock",)),
        ("redis://a:1,redis://b:2", ("redis://a:1", "redis://b:2")),
        ("rediss://u:p,w@a:1 , valkeys://u:p,w@b:2", ("rediss://u:p,w@a:1", "rediss://u:p,w@b:2")),
        ("redis://[::1]:7000", ("redis://[::1]:7000",)),
    ],
)
def test_addresses(text: str, addresses: tuple[str, ...]) -> None:
    assert read_addresses(text) == addresses


@pytest.mark.parametrize(
    "text", ["", "one:6379", "http://one", "redis://a:1,b:2", "redis://a:x", "redis://a:99999", "unix:///a,redis://b"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigurationError):
        read_addresses(text)


@pytest.mark.parametrize(
    ("address", "endpoint", "there"),
    [
        ("redis://a:1", ("b", 2), "redis://b:2"),
        ("rediss://u:p%40@a:1/0?ssl_cert_reqs=none", ("b", 2), "rediss://u:p%40@b:2/0?ssl_cert_reqs=none"),
        ("redis://:p,@[::1]:1", ("fe80::2", 2), "redis://:p,@[fe80::2]:2"),
    ],
)
def test_another_node_is_reached_the_same_way(address: str, endpoint: tuple[str, int], there: str) -> None:
    assert at_endpoint(address, endpoint) == there
    assert endpoint_of(there) == endpoint


def test_endpoints() -> None:
    assert endpoint_of("redis://") == ("localhost", 6379)
    assert endpoint_of("unix:///tmp/x") is None
