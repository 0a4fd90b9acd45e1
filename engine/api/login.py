"""Logging in: one answer for everything that is wrong, in the same time, few at a time.

A wrong login, a wrong password, a locked and a switched-off user cannot be told apart from
outside. Argon2 runs in threads, at most a few at once, so that a flood of log-ins costs memory and
time within bounds; failed attempts are limited per address here, and per user in ``guesses.py``.
"""

import asyncio
from dataclasses import dataclass, replace

from engine.api.devices import device_cookie, known_device, new_device
from engine.api.gate import hash_secret, new_secret
from engine.api.guesses import Guesses, Place
from engine.api.limiter import AddressLimiter
from engine.api.metrics import Metrics
from engine.api.parts import ApiSettings
from engine.api.ports import Organisations, Passwords, Sessions, Users
from engine.clock import Clock
from engine.errors import InvalidInput, Unauthenticated, Unavailable
from engine.model.record import Credentials, Session
from engine.model.user import User
from engine.passwords import hash_password, needs_rehash, verify_password

MOST_WAITING = 100
"""Log-ins that may wait for a thread; more are sent away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A new session and its secrets, which are given to the browser and kept nowhere."""

    secret: str
    session: Session
    device: tuple[str, str]  # name and value of the cookie that lets the browser be known


class _Turns:
    """Let few hash at once and a bounded number wait; raises Unavailable beyond."""

    def __init__(self, threads: int) -> None:
        self._free = asyncio.Semaphore(threads)
        self._waiting = 0

    async def __aenter__(self) -> None:
        if self._waiting >= MOST_WAITING:
            raise Unavailable("Too many log-ins at once; try again in a moment.", retry_after_ms=2_000)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._free.release()


class Reception:
    """Sign users in and change their passwords."""

    def __init__(
        self,
        *,
        users: Users,
        passwords: Passwords,
        sessions: Sessions,
        organisations: Organisations,
        metrics: Metrics,
        clock: Clock,
        settings: ApiSettings,
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._sessions = sessions
        self._organisations = organisations
        self._metrics = metrics
        self._clock = clock
        self._settings = settings
        self._guesses = Guesses(passwords=passwords, clock=clock, settings=settings)
        self._turns = _Turns(settings.password_threads)
        self._limiter = AddressLimiter(rate=settings.login_rate, burst=settings.login_burst, clock=clock)

    async def log_in(self, *, organisation: str, login: str, password: str, place: Place, user_agent: str) -> Opened:
        """Open a session. Raises Unauthenticated(login-failed), TooFast, Unavailable, InvalidInput."""
        org_id = self._organisation(organisation)
        self._limiter.take(place.address)
        begun_s = asyncio.get_running_loop().time()
        credentials = await self._admitted(org_id, login, password, place)
        if credentials is None:
            self._metrics.login("failed")
            await self._hide_time(begun_s)
            raise Unauthenticated(
                "The login or password is wrong, or the user is locked for a while.", slug="login-failed"
            )
        self._limiter.give_back(place.address)
        self._metrics.login("ok")
        return await self._open(credentials, place, user_agent=user_agent)

    async def _open(self, credentials: Credentials, place: Place, *, user_agent: str) -> Opened:
        """Open a session for a user who has proved who he is. Raises Unauthenticated(login-failed)."""
        secret, now_ms = new_secret(), self._clock.now_ms()
        session = await self._sessions.create(
            hash_secret(secret),
            user=credentials.user,
            csrf=new_secret(),
            expires_ms=now_ms + self._settings.session_ttl_ms,
            address=place.address[:100],
            user_agent=user_agent[:200],
            now_ms=now_ms,
            password_hash=credentials.password_hash,
        )
        device = device_cookie(credentials)
        value = place.cookies[device] if known_device(credentials, place.cookies) else new_device(credentials)
        return Opened(secret=secret, session=session, device=(device, value))

    async def change_own(self, user: User, *, current: str, new: str, place: Place, user_agent: str) -> Opened:
        """Replace a user's password, end his sessions and open a new one.

        Raises Unauthenticated, InvalidInput(weak-password), TooFast, Unavailable.
        """
        self._limiter.take(place.address)
        credentials = await self._admitted(user.org_id, user.login, current, place)
        if credentials is None:
            raise Unauthenticated("The present password is wrong.", slug="login-failed")
        self._limiter.give_back(place.address)
        hashed = await self.set_password(user.org_id, user.id, new)
        return await self._open(replace(credentials, password_hash=hashed), place, user_agent=user_agent)

    async def set_password(self, org_id: str, user_id: str, password: str) -> str:
        """Give a user a password and end his sessions, all or nothing; return the hash.

        Raises InvalidInput(weak-password), NotFound, Unavailable.
        """
        await self._users.get(org_id, user_id)
        hashed = await self.hash(password)
        await self._passwords.set_password(org_id, user_id, hashed)
        return hashed

    async def hash(self, password: str) -> str:
        """Hash a password in a thread. Raises InvalidInput(weak-password), Unavailable."""
        async with self._turns:
            return await asyncio.to_thread(hash_password, password)

    async def _admitted(self, org_id: str, login: str, password: str, place: Place) -> Credentials | None:
        """Return the credentials that the password fits; else count the failure."""
        async with self._turns:  # for all of it, so that guesses sent at once are counted like those sent one by one
            credentials = await self._users.by_login(org_id, login)
            may = credentials is not None and credentials.user.active and self._guesses.may_try(credentials, place)
            right = await asyncio.to_thread(verify_password, credentials.password_hash if credentials else "", password)
            if credentials is None or not may:
                return None
            if not right:
                await self._guesses.failed(credentials, place)
                return None
            await self._guesses.succeeded(credentials, place)
            return await self._rehashed(credentials, password)

    async def _rehashed(self, credentials: Credentials, password: str) -> Credentials:
        """Return the credentials with a hash of the present strength."""
        user = credentials.user
        if not needs_rehash(credentials.password_hash):
            return credentials
        hashed = await asyncio.to_thread(hash_password, password)
        done = await self._passwords.rehash(user.org_id, user.id, before=credentials.password_hash, after=hashed)
        return replace(credentials, password_hash=hashed) if done else credentials

    async def _hide_time(self, begun_s: float) -> None:
        # A counted failure is a write, an unknown login is none: wait until that cannot be seen from outside.
        elapsed_s = asyncio.get_running_loop().time() - begun_s
        await asyncio.sleep(max(0.0, self._settings.login_failure_ms / 1000 - elapsed_s))

    def _organisation(self, asked: str) -> str:
        if asked:
            return asked  # an unknown one has no users: the same answer in the same time
        known = self._organisations.all()
        if len(known) == 1:
            return known[0].id
        raise InvalidInput("Say which organisation.", field="organisation")
