"""What one process does: the roles it was told to play, each in its loop."""

import asyncio
from collections.abc import Sequence

from engine.errors import ConfigurationError
from engine.loops import Loop, Role

WEB = "web"
WORK = "work"
ALL = "all"


def parse_roles(names: Sequence[str]) -> frozenset[str]:
    """Return the roles among ``web`` (sockets and HTTP) and ``work`` (timers, projection, sweeps).

    Raises:
        ConfigurationError: a name that is neither, nor ``all``.
    """
    unknown = set(names) - {WEB, WORK, ALL}
    if unknown or not names:
        raise ConfigurationError(f"unknown role {', '.join(sorted(unknown))!r}.", mend="Use web, work or all.")
    return frozenset({WEB, WORK}) if ALL in names else frozenset(names)


class Loops:
    """Start and stop the loops of roles."""

    def __init__(self) -> None:
        self._loops: dict[str, Loop] = {}

    def start(self, *roles: Role) -> None:
        """Start each role that does not run yet."""
        for role in roles:
            if role.name not in self._loops:
                loop = self._loops[role.name] = Loop(role)
                loop.start()

    def wake(self, name: str) -> None:
        """Cut a role's wait short; does nothing for a role that is not played here."""
        if name in self._loops:
            self._loops[name].wake()

    async def stop(self) -> None:
        """Stop all loops and wait for them. Safe to call twice."""
        loops, self._loops = list(self._loops.values()), {}
        await asyncio.gather(*(loop.stop() for loop in loops))
