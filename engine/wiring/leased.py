"""A role that only one process may play at a time: a lease is held before each step and kept during it.

A killed process holds its lease for ``LEASE_MS`` at most, and who stands by sees that ``LOOK_AGAIN_S`` later at most:
together well within the ten seconds that are promised, whose rest is for a busy machine.
"""

import asyncio
from typing import Protocol

from engine.errors import Unavailable
from engine.loops import Role

LEASE_MS = 7_000
RENEW_EVERY_S = 2.0
RENEW_SOONEST_S = 0.5
LOOK_AGAIN_S = 1.0


class Leases(Protocol):
    """Named leases between processes."""

    async def acquire(self, name: str, ttl_ms: int) -> int | None:
        """Take the lease; None while somebody holds it."""
        ...

    async def renew(self, name: str, token: int, ttl_ms: int) -> bool:
        """Extend the lease."""
        ...

    async def release(self, name: str, token: int) -> bool:
        """Give the lease back."""
        ...


class Leased:
    """Play ``role`` while the lease of its name is held; others stand by and take over within ten seconds.

    A role that is ``safe_twice`` is played by every process while nobody can be asked for the lease: what it does is
    decided under locks of the record, or known by its id, so that two of it waste work and do no harm.
    """

    def __init__(self, *, role: Role, leases: Leases) -> None:
        self._role = role
        self._leases = leases
        self._token: int | None = None
        self._held_at = 0.0  # the loop's time at which the lease was taken or extended last
        self._safe_twice = bool(getattr(role, "safe_twice", False))

    @property
    def name(self) -> str:
        """Name the role."""
        return self._role.name

    async def step(self) -> float:
        """Step the role while keeping the lease; a step whose lease is lost is cancelled. Raises Unavailable."""
        if not await self._may_play():
            return LOOK_AGAIN_S
        step = asyncio.create_task(self._role.step(), name=f"step:{self.name}")
        try:
            while not step.done():
                await asyncio.wait({step}, timeout=self._renew_in_s())
                if not step.done() and not await self._may_play():
                    return LOOK_AGAIN_S
            return await step
        finally:
            if not step.done():
                step.cancel()
                await asyncio.gather(step, return_exceptions=True)

    async def give_back(self) -> None:
        """Let others take over at once. Raises Unavailable; safe to repeat."""
        token, self._token = self._token, None
        if token is not None:
            await self._leases.release(self._lease, token)

    def _renew_in_s(self) -> float:
        return max(RENEW_SOONEST_S, self._held_at + RENEW_EVERY_S - _now())

    @property
    def _lease(self) -> str:
        return f"role:{self.name}"

    async def _may_play(self) -> bool:
        try:
            return await self._holds()
        except Unavailable:
            if self._safe_twice:
                return True
            raise

    async def _holds(self) -> bool:
        """Say whether the lease is held; ask only where that was not said just now: most steps find nothing to do."""
        now = _now()
        if self._token is not None:
            if now < self._held_at + RENEW_EVERY_S:
                return True
            if await self._leases.renew(self._lease, self._token, LEASE_MS):
                self._held_at = now
                return True
        self._token = await self._leases.acquire(self._lease, LEASE_MS)
        self._held_at = now
        return self._token is not None


def _now() -> float:
    return asyncio.get_running_loop().time()
