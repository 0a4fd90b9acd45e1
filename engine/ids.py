"""The source of new ids: the clock and the operating system's randomness."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from threading import Lock

from engine.clock import Clock
from engine.model.ids import make_id

NewId = Callable[[], str]
"""Return a fresh UUIDv7; safe to call from any thread."""

_BYTES = 10
_POOL = 400 * _BYTES


def id_source(clock: Clock) -> NewId:
    """Return a function that makes UUIDv7 ids at the clock's time.

    Randomness is fetched some hundred ids at a time: each fetch lets other threads in, which on the way of every
    message costs more than the bytes themselves. A forked process must make a source of its own.
    """
    pool = b""
    place = 0
    lock = Lock()

    def new_id() -> str:
        nonlocal pool, place
        with lock:
            if place >= len(pool):
                pool, place = secrets.token_bytes(_POOL), 0
            noise = pool[place : place + _BYTES]
            place += _BYTES
        return make_id(clock.now_ms(), noise)

    return new_id
