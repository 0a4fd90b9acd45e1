"""Roles that follow the configuration: one for each thing that it names, under a lease of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Protocol, TypeVar

from engine.errors import CordboardError
from engine.loops import Loop, Role
from engine.wiring.leased import Leased, Leases

EVERY_S = 1.0


class Faulty(Role, Protocol):
    """A role that may do what it does in vain."""

    @property
    def fault(self) -> object | None:
        """Say what is wrong; None: nothing."""
        ...


Wanted = TypeVar("Wanted", bound=Hashable)
Played = TypeVar("Played", bound=Faulty)


class Playing(Generic[Played]):
    """A role that is played, or stood by for while another process plays it."""

    def __init__(self, *, role: Played, leases: Leases) -> None:
        self.role = role
        self._leased = Leased(role=role, leases=leases)
        self._loop = Loop(self._leased)

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    async def stop(self) -> None:
        """Stop it, and let others play the role at once. Safe to call twice."""
        await self._loop.stop()
        with contextlib.suppress(CordboardError):  # then it lapses
            await self._leased.give_back()


class Following(Generic[Wanted, Played]):
    """Play a role for each thing that is wanted: what is new or changed begins, what is gone ends (a role).

    Any number of processes do this; each thing is done by the one that holds its lease.
    """

    def __init__(
        self,
        *,
        name: str,
        wanted: Callable[[], Iterable[Wanted]],
        role_of: Callable[[Wanted], Played],
        leases: Leases,
    ) -> None:
        self.name = name
        self._wanted = wanted
        self._role_of = role_of
        self._leases = leases
        self._running: dict[Wanted, Playing[Played]] = {}

    def faults(self) -> float:
        """Return how many roles this process plays in vain."""
        return sum(one.role.fault is not None for one in self._running.values())

    async def step(self) -> float:
        """Follow until cancelled; then stop everything."""
        try:
            while True:
                await self._follow()
                await asyncio.sleep(EVERY_S)
        finally:
            running, self._running = list(self._running.values()), {}
            await asyncio.gather(*(one.stop() for one in running))

    async def _follow(self) -> None:
        wanted = set(self._wanted())
        gone = self._running.keys() - wanted
        await asyncio.gather(*(self._running.pop(one).stop() for one in gone))
        for one in wanted - self._running.keys():
            playing = self._running[one] = Playing(role=self._role_of(one), leases=self._leases)
            playing.start()
