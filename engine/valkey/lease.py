"""Leases: what only one process may do at a time, with a fencing token that always rises.

A lease is a plain key with a time to live, in real time. The token is the server's time in microseconds, or one more
than the last token where that is higher; so it rises even after the server has lost its data.
"""

from typing import Any, Protocol

ACQUIRE = """
local time = redis.call('TIME')
if ARGV[2] == '0' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local token = tonumber(time[1]) * 1000000 + tonumber(time[2])
token = math.max(token, tonumber(redis.call('GET', KEYS[2]) or 0) + 1)
local text = string.format('%.0f', token)
redis.call('SET', KEYS[2], text)
redis.call('SET', KEYS[1], text, 'PX', ARGV[1])
return token
"""
RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class Commands(Protocol):
    """Run one plain command of the Valkey server."""

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Return the server's answer; raise Unavailable."""
        ...


class Leases:
    """Take, keep and give back named leases; all methods raise Unavailable."""

    def __init__(self, *, commands: Commands, alone: bool = False) -> None:
        """Prepare; ``alone``: the server is this process's own, so that who held a lease before it began is dead.

        Then nothing waits after a crash for leases to lapse: the first time that this process asks, it is given them.
        """
        self._commands = commands
        self._alone = alone
        self._asked: set[str] = set()

    async def acquire(self, name: str, ttl_ms: int) -> int | None:
        """Take the lease; return its fencing token, or None while somebody holds it.

        A caller that is cancelled may hold it without knowing, until ``ttl_ms`` is over.
        """
        inherit = self._alone and name not in self._asked
        self._asked.add(name)  # before the call, so that two of this process that ask at once do not both inherit
        token = await self._run(ACQUIRE, (self._key(name), f"{self._key(name)}:last"), ttl_ms, int(inherit))
        return token or None

    async def renew(self, name: str, token: int, ttl_ms: int) -> bool:
        """Extend the lease if ``token`` still holds it."""
        return await self._run(RENEW, (self._key(name),), token, ttl_ms) == 1

    async def release(self, name: str, token: int) -> bool:
        """Give the lease back if ``token`` still holds it."""
        return await self._run(RELEASE, (self._key(name),), token) == 1

    @staticmethod
    def _key(name: str) -> str:
        return f"cb-lease:{{{name}}}"

    async def _run(self, script: str, keys: tuple[str, ...], *arguments: int) -> int:
        return int(await self._commands.command("EVAL", script, len(keys), *keys, *arguments))
