"""The one Valkey server that the router and BullMQ are measured on, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from redis.asyncio import Redis

from engine.bench.routing.result import SLOW_MS, Forks
from engine.bench.usage import waited_s
from engine.router.library import compose_library
from engine.valkey.client import Valkey, events_key
from engine.valkey.server import ValkeyServer

_MOST_SLOW = 100_000
_PATIENCE_S = 120.0
"""Slow answers are what is measured: they end nothing."""
Fsync = Literal["always", "everysec", "no"]


class BoardServer:
    """An embedded Valkey in a directory of its own, a client with the router's library, and a connection to ask by."""

    def __init__(self, directory: Path, *, fsync: Fsync) -> None:
        self._server = ValkeyServer(data=directory, fsync=fsync)
        self._asking: Redis | None = None
        self._longest_fork_us = 0
        self.valkey: Valkey | None = None

    async def start(self) -> Valkey:
        """Start it and connect; return the client."""
        await self._server.start()
        self._asking = Redis.from_url(self._server.address, protocol=2)
        self.valkey = Valkey(address=self._server.address, library=compose_library(), timeout_s=_PATIENCE_S)
        await self.valkey.connect()
        await self._ask("CONFIG", "SET", "slowlog-log-slower-than", SLOW_MS * 1000)
        await self._ask("CONFIG", "SET", "slowlog-max-len", _MOST_SLOW)
        return self.valkey

    async def stop(self) -> None:
        """Close the connections and end it."""
        if self.valkey is not None:
            await self.valkey.close()
        if self._asking is not None:
            await self._asking.aclose()
        await self._server.stop()

    @property
    def socket(self) -> str:
        """Return the path of its socket."""
        return self._server.address.removeprefix("unix://")

    async def cpu_s(self) -> float:
        """Return the processor time it has used so far, in seconds."""
        info = await self._info("cpu")
        return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])

    def waited_s(self) -> float:
        """Return how long it was ready to run and had no processor, in seconds so far. Blocks a moment."""
        return waited_s(self._server.pid) if self._server.pid is not None else 0.0

    async def memory(self) -> int:
        """Return the bytes that the data takes: the buffers of connections and of the log come and go."""
        info = await self._info("memory")
        return int(info["used_memory"]) - int(info["mem_clients_normal"]) - int(info["mem_aof_buffer"])

    async def version(self) -> str:
        """Return name and version."""
        info = await self._info("server")
        return f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"

    async def forks(self) -> Forks:
        """Look at the pauses for forks; call it often, since the server remembers only the last one."""
        info = await self._info("stats")
        self._longest_fork_us = max(self._longest_fork_us, int(info["latest_fork_usec"]))
        return Forks(count=int(info["total_forks"]), longest_ms=self._longest_fork_us / 1000)

    async def slow_calls(self) -> Mapping[str, list[float]]:
        """Return the function calls that took longer than ``SLOW_MS`` since the last look: function → milliseconds."""
        entries: list[list[Any]] = await self._ask("SLOWLOG", "GET", -1)
        await self._ask("SLOWLOG", "RESET")
        found: dict[str, list[float]] = {}
        for _, _, micros, words, *_ in entries:
            if words[0].upper() == b"FCALL":
                found.setdefault(words[1].decode(), []).append(int(micros) / 1000)
        return found

    async def trim(self, org_id: str) -> None:
        """Drop the events of an organisation but the last, as the projector does."""
        await self._ask("XTRIM", events_key(org_id), "MAXLEN", 1)

    async def _info(self, section: str) -> dict[str, Any]:
        assert self._asking is not None
        return dict(await self._asking.info(section))

    async def _ask(self, *words: str | int) -> Any:  # noqa: ANN401 -- each command answers otherwise
        assert self._asking is not None
        return await self._asking.execute_command(*words)  # type: ignore[no-untyped-call] # redis-py leaves it untyped
