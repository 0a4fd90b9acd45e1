"""A page may talk to the host it came from, and to no other."""

import pytest

from engine.api.pages import page_policy


def connect_sources(host: str) -> list[str]:
    directives = dict(part.strip().split(" ", 1) for part in page_policy(host).split(";"))
    return directives["connect-src"].split()


@pytest.mark.parametrize("host", ["desk.example", "127.0.0.1:8400", "[::1]:8400", "desk-1.example:443"])
def test_sockets_of_the_own_host_are_named(host: str) -> None:
    assert connect_sources(host) == ["'self'", f"ws://{host}", f"wss://{host}"]
    assert connect_sources(host.upper()) == connect_sources(host)


@pytest.mark.parametrize(
    "host", ["", "*", "desk.example ws:", "a;script-src *", "desk.example/", "x\r\ny", "*.example"]
)
def test_what_is_no_host_adds_nothing(host: str) -> None:
    assert connect_sources(host) == ["'self'"]
    assert page_policy(host).count(";") == page_policy("").count(";")
