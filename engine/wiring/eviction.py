"""The role that closes agent sockets whose session or API token has ended elsewhere: in another process, or by command.

What ends in this process closes its sockets itself, at once. Nobody tells a process what ends elsewhere, so it asks the
record about all of its open sockets, in one query for each ``BATCH`` of them. Sockets are admitted on what the record
says, never on what the gate remembers: one that is evicted does not come back on a memory.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.agents.floor import POLICY, Floor, Member
from engine.clock import Clock
from engine.model.organisation import Role

EVERY_S = 2.0
BATCH = 500


class LogIns(Protocol):
    """Sessions, or API tokens."""

    async def standing(self, keys: Sequence[str], now_ms: int) -> Mapping[str, Role]:
        """Return, by hash, the role of each that still holds."""
        ...


class Eviction:
    """Close the sockets of whoever may not go on, or not in the role he came in (a role)."""

    name = "eviction"

    def __init__(self, *, floor: Floor, sessions: LogIns, tokens: LogIns, clock: Clock) -> None:
        self._floor = floor
        self._log_ins = {"session": sessions, "token": tokens}
        self._clock = clock

    async def step(self) -> float:
        """Look once at every socket; return the seconds to the next look. Raises Unavailable."""
        members = self._floor.everybody()
        for via, log_ins in self._log_ins.items():
            mine = [member for member in members if member.who.via == via]
            for start in range(0, len(mine), BATCH):
                await self._look_at(mine[start : start + BATCH], log_ins)
        return EVERY_S

    async def _look_at(self, members: Sequence[Member], log_ins: LogIns) -> None:
        keys = sorted({member.login_key for member in members})
        roles = await log_ins.standing(keys, self._clock.now_ms())
        for member in members:
            if roles.get(member.login_key) is not member.who.role:
                member.stop(POLICY, "signed out")
