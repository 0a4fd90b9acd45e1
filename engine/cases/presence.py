"""Who is looking at a case, or typing in it: signs of life that lapse by themselves, kept on the board's server only.

Each viewer repeats himself every ``EVERY_MS``; one not heard of for ``GONE_MS`` is gone. Nothing of it is kept: after a
crash everybody shows up again within one round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

EVERY_MS = 10_000
GONE_MS = 25_000
MOST = 50
"""Viewers of a case that are told."""


class Commands(Protocol):
    """Talk to Valkey."""

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 -- whatever the server answers
        """Send one command; raise Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """Somebody who has a case open."""

    user_id: str
    typing: bool
    since_ms: int  # of the last sign of life


class CasePresence:
    """Know who has a case open."""

    def __init__(self, *, commands: Commands) -> None:
        self._commands = commands

    async def seen(self, org_id: str, case_id: str, user_id: str, *, typing: bool) -> list[Viewer]:
        """Note that a user has the case open; return the others. Raises Unavailable."""
        key, now_ms = _key(org_id, case_id), await self._now_ms()
        await self._commands.command("ZADD", key, now_ms, f"{'t' if typing else 'l'}:{user_id}")
        await self._commands.command("ZREM", key, f"{'l' if typing else 't'}:{user_id}")
        await self._commands.command("ZREMRANGEBYSCORE", key, "-inf", now_ms - GONE_MS)
        await self._commands.command("PEXPIRE", key, GONE_MS)
        return [one for one in await self.viewers(org_id, case_id) if one.user_id != user_id]

    async def gone(self, org_id: str, case_id: str, user_id: str) -> None:
        """Note that a user has closed the case. Idempotent; raises Unavailable."""
        await self._commands.command("ZREM", _key(org_id, case_id), f"t:{user_id}", f"l:{user_id}")

    async def viewers(self, org_id: str, case_id: str) -> list[Viewer]:
        """Return who has the case open, by when they were heard of last. Raises Unavailable."""
        since = await self._now_ms() - GONE_MS
        key = _key(org_id, case_id)
        found = await self._commands.command("ZRANGE", key, since, "+inf", "BYSCORE", "LIMIT", 0, MOST, "WITHSCORES")
        return [_viewer(*pair) for pair in _pairs(found)]

    async def _now_ms(self) -> int:
        """Return the server's own time, so that machines need not agree about it."""
        seconds, micros = await self._commands.command("TIME")
        return int(seconds) * 1000 + int(micros) // 1000


def _key(org_id: str, case_id: str) -> str:
    return f"cordboard:viewers:{org_id}/{case_id}"


def _pairs(found: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 -- as the server answers: pairs, or one flat list
    if found and isinstance(found[0], list | tuple):
        return [(pair[0], pair[1]) for pair in found]
    return list(zip(found[::2], found[1::2], strict=True))


def _viewer(member: Any, score: Any) -> Viewer:  # noqa: ANN401 -- as above
    name = member.decode() if isinstance(member, bytes) else str(member)
    how, _, user_id = name.partition(":")
    return Viewer(user_id=user_id, typing=how == "t", since_ms=int(float(score)))
