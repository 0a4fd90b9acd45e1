"""The source of new ids: the clock and the operating system's randomness."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from engine.clock import Clock
from engine.model.ids import make_id

NewId = Callable[[], str]
"""Return a fresh UUIDv7."""


def id_source(clock: Clock) -> NewId:
    """Return a function that makes UUIDv7 ids at the clock's time."""

    def new_id() -> str:
        return make_id(clock.now_ms(), secrets.token_bytes(10))

    return new_id
