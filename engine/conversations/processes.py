"""Know whether other processes serve the same installation: one sorted set of process id → last sign of life.

The bus's own clock is used, so that machines need not agree about the time.
"""

from typing import Any, Protocol

KEY = "cordboard:processes"
EVERY_S = 2.0
GONE_MS = 15_000


class Commands(Protocol):
    """Run one plain command of the Valkey server (keys without an organisation's tag)."""

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Return the server's answer; raise Unavailable."""
        ...


class Processes:
    """Tell the others that this process lives, and count them (a role)."""

    name = "processes"

    def __init__(self, *, commands: Commands, process_id: str) -> None:
        self._commands = commands
        self._process_id = process_id
        self._others: int | None = None

    @property
    def alone(self) -> bool:
        """Say whether this is the only process, as far as is known; before the first look: no."""
        return self._others == 0

    async def step(self) -> float:
        """Give a sign of life and count the others; return the seconds to the next. Raises Unavailable."""
        seconds, micros = await self._commands.command("TIME")
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        await self._commands.command("ZADD", KEY, now_ms, self._process_id)
        await self._commands.command("ZREMRANGEBYSCORE", KEY, "-inf", now_ms - GONE_MS)
        self._others = max(0, int(await self._commands.command("ZCARD", KEY)) - 1)
        return EVERY_S

    async def sign_off(self) -> None:
        """Take this process off the list. Raises Unavailable; safe to repeat."""
        await self._commands.command("ZREM", KEY, self._process_id)
