"""Bounds of the chat channel: origins."""

import pytest

from engine.channels.origins import allowed


@pytest.mark.parametrize(
    ("allow_list", "origin", "host", "expected"),
    [
        (("*",), "", "chat.example", True),
        (("*",), "https://evil.example", "chat.example", True),
        ((), "https://shop.example", "shop.example", False),
        (("https://shop.example",), "https://shop.example", "chat.example", True),
        (("https://shop.example",), "HTTPS://Shop.Example", "chat.example", True),
        (("https://shop.example/",), "https://shop.example", "chat.example", True),
        (("https://shop.example",), "http://shop.example", "chat.example", False),
        (("https://shop.example",), "https://shop.example:8443", "chat.example", False),
        (("https://shop.example",), "https://shop.example.evil.example", "chat.example", False),
        (("https://shop.example",), "", "chat.example", False),
        (("https://shop.example", "self"), "null", "chat.example", False),
        (("self",), "http://127.0.0.1:8080", "127.0.0.1:8080", True),
        (("self",), "http://127.0.0.1:8080", "127.0.0.1:9090", False),
        (("self",), "https://chat.example", "chat.example:443", True),
        (("self",), "https://chat.example", "Chat.Example", True),
        (("self",), "chat.example", "chat.example", False),
        (("self",), "", "", False),
        (("self",), "https://", "", False),
    ],
)
def test_origins(allow_list: tuple[str, ...], origin: str, host: str, expected: bool) -> None:
    assert allowed(allow_list, origin, host) is expected
