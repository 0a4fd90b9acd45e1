"""How fast one user may ask for what costs the record much: a token bucket for each user and kind, in this process.

A user with many sessions has one bucket; so has a token without a user. See docs/decisions/0005.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request

from engine.api.gate import Caller
from engine.buckets import Buckets
from engine.clock import Clock
from engine.errors import TooFast


class Pace(StrEnum):
    """What costs alike."""

    SEARCH = "search"
    VIEW = "view"  # a customer at a glance, a timeline, counts of saved views
    LIST = "list"  # pages of cases, contacts, accounts
    EXPORT = "export"


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """So many at once, and so many a second after."""

    burst: int
    rate: float


PACES: Mapping[Pace, Allowed] = {
    Pace.SEARCH: Allowed(burst=60, rate=5),  # results while one types
    Pace.VIEW: Allowed(burst=100, rate=5),
    Pace.LIST: Allowed(burst=300, rate=10),  # a program that reads page after page has 2,000 rows a second
    Pace.EXPORT: Allowed(burst=10, rate=1 / 30),
}


class UserLimiter:
    """Let each user do each kind of thing at its pace."""

    def __init__(self, *, paces: Mapping[Pace, Allowed], clock: Clock) -> None:
        self._paces = paces
        self._clock = clock
        self._buckets = Buckets()

    def take(self, caller: Caller, pace: Pace) -> None:
        """Take one token; raise TooFast with ``retry_after_ms`` when there is none."""
        who, allowed = caller.principal, self._paces[pace]
        key = f"{pace.value}\n{who.org_id}\n{who.user_id or caller.key}"
        wait_ms = self._buckets.take(key, rate=allowed.rate, burst=allowed.burst, now_ms=self._clock.now_ms())
        if wait_ms:
            raise TooFast(f"Too much of this at once ({pace.value}).", retry_after_ms=wait_ms)


def limiter_of(request: Request) -> UserLimiter:
    """Return the limiter of the application that serves this request."""
    limiter: UserLimiter = request.app.state.user_limiter
    return limiter
