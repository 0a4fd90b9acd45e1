"""Names of users by id, for answers that show people; read from the record now and then."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.api.ports import Users
from engine.clock import Clock

FRESH_MS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    names: Mapping[str, str]
    at_ms: int


class Names:
    """Know what users are called."""

    def __init__(self, *, users: Users, clock: Clock) -> None:
        self._users = users
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def of(self, org_id: str) -> Mapping[str, str]:
        """Return names by user id, at most ten seconds old. Raises Unavailable."""
        now_ms = self._clock.now_ms()
        kept = self._kept.get(org_id)
        if kept is None or not 0 <= now_ms - kept.at_ms <= FRESH_MS:
            names = {one.id: one.name for one in await self._users.list(org_id)}
            kept = self._kept[org_id] = _Kept(names=names, at_ms=now_ms)
        return kept.names
