"""How many passwords may be tried: few from one place, more from everywhere, and nobody locks out another.

After the OWASP Authentication Cheat Sheet ("Account Lockout": count by account, not by address alone; do not let the
lock-out become a denial of service) and OWASP's device cookies:

- Each place has a bucket of tries for each user, counted in this process. A place is a browser in which the user has
  signed in before (``devices.py``), else a network address.
- Wrong passwords from browsers that are not known count for the user in the record, wherever they come from. Beyond
  a higher limit the user refuses all unknown browsers for a while. Those that are known go on signing in: whoever
  knows a log-in name, and guesses from a thousand addresses, locks out nobody who works here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.api.devices import known_device
from engine.api.parts import ApiSettings
from engine.api.ports import Passwords
from engine.buckets import Buckets
from engine.clock import Clock
from engine.model.network import network_of
from engine.model.record import Credentials


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a password comes from."""

    address: str
    cookies: Mapping[str, str]
    signed_in: bool = False  # as the user whose password it is

    def known(self, credentials: Credentials) -> str:
        """Return what names a place that their user has signed in from, else ``""``."""
        return f"session {self.address}" if self.signed_in else known_device(credentials, self.cookies)


class Guesses:
    """Count passwords that are tried."""

    def __init__(self, *, passwords: Passwords, clock: Clock, settings: ApiSettings) -> None:
        self._passwords = passwords
        self._clock = clock
        self._settings = settings
        self._buckets = Buckets()

    def may_try(self, credentials: Credentials, place: Place) -> bool:
        """Count a try; False when there were too many, whatever the password."""
        now_ms = self._clock.now_ms()
        if not place.known(credentials) and credentials.locked_until_ms > now_ms:
            return False
        tries = self._settings.login_attempts
        rate = tries * 1000 / self._settings.login_lock_ms
        return self._buckets.take(_key(credentials, place), rate=rate, burst=tries, now_ms=now_ms) == 0

    async def failed(self, credentials: Credentials, place: Place) -> None:
        """Note a wrong password. Raises Unavailable."""
        if not place.known(credentials):
            await self._passwords.record_failure(
                credentials.user.org_id,
                credentials.user.id,
                lock_after=self._settings.login_attempts_anywhere,
                lock_ms=self._settings.login_lock_anywhere_ms,
                now_ms=self._clock.now_ms(),
            )

    async def succeeded(self, credentials: Credentials, place: Place) -> None:
        """Forget the failures from here; those from unknown browsers only for one of them. Raises Unavailable."""
        self._buckets.forget(_key(credentials, place))
        if credentials.failed_count and not place.known(credentials):
            await self._passwords.record_success(credentials.user.org_id, credentials.user.id)


def _key(credentials: Credentials, place: Place) -> str:
    # With the end of the hash, so that a new password may be tried at once.
    where = place.known(credentials) or network_of(place.address)
    return f"{credentials.user.id} {credentials.password_hash[-12:]} {where}"
