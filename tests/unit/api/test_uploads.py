"""Forms that are being read: so many at once, and of one network a part of them."""

from contextlib import ExitStack

import pytest

from engine.api.forms import Uploads
from engine.errors import TooFast, Unavailable


def test_one_network_leaves_room_for_others() -> None:
    uploads = Uploads(most=10)
    with ExitStack() as slow:
        for _ in range(2):
            slow.enter_context(uploads.reading("2001:db8::1"))
        with pytest.raises(TooFast), uploads.reading("2001:db8::2"):
            pass
        with uploads.reading("192.0.2.1"):
            pass
    with uploads.reading("2001:db8::2"):
        pass


def test_all_together_are_bounded() -> None:
    uploads = Uploads(most=3)
    with ExitStack() as slow:
        for number in range(3):
            slow.enter_context(uploads.reading(f"192.0.2.{number}"))
        with pytest.raises(Unavailable), uploads.reading("192.0.2.9"):
            pass
