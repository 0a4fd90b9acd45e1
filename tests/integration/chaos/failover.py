"""A stage whose Valkey has a replica: it takes over and knows less, because replication is asynchronous."""

import asyncio
from pathlib import Path
from typing import Any

from engine.bench.ports import free_port
from engine.valkey import ValkeyServer
from engine.valkey.client import Valkey
from tests.integration.chaos.conductor import Stage
from tests.servers import eventually

LINK = "board.sock"


class FailingOver(Stage):
    """The processes find whichever server is in charge under one name, as behind a service address."""

    def __init__(self, *, folder: Path, database: str, seed: int) -> None:
        super().__init__(folder=folder, database=database, seed=seed)
        self._made = 0
        self._replica: ValkeyServer | None = None

    @property
    def address(self) -> str:
        """The link to the server in charge."""
        return f"unix://{self.folder / LINK}"

    async def start_server(self) -> None:
        """Start a server and its replica."""
        self.server = await self._new()
        self._point()
        self._watch = asyncio.create_task(self.server.run())
        await self._replicate()

    async def stop_server(self) -> None:
        """End both."""
        if self._replica is not None:
            await self._replica.stop()
        await super().stop_server()

    async def _new(self) -> ValkeyServer:
        self._made += 1
        folder = self.folder / f"server-{self._made}"
        folder.mkdir()
        server = ValkeyServer(data=folder, fsync="always", backoff_s=(0.02, 0.1))
        await server.start()
        return server

    def _point(self) -> None:
        fresh = self.folder / f"{LINK}.new"
        fresh.symlink_to(self.server.address.removeprefix("unix://"))
        fresh.replace(self.folder / LINK)

    async def _replicate(self) -> None:
        """Start a replica of the server in charge, and wait until it is level."""
        port = free_port()
        self._replica = await self._new()
        await command(self.server, "CONFIG", "SET", "port", port, "repl-diskless-sync-delay", 0)
        await command(self._replica, "REPLICAOF", "127.0.0.1", port)
        replica = self._replica

        async def linked() -> bool:
            told: dict[str, object] = await command(replica, "INFO", "replication")
            return told["master_link_status"] == "up"

        await eventually(linked, within_s=30.0, what="the replica is level")

    async def fail_over(self) -> None:
        """Cut the replica off, go on for a moment, kill the server in charge: what was acknowledged since is gone."""
        assert self._replica is not None
        await command(self._replica, "REPLICAOF", "NO", "ONE")
        await asyncio.sleep(self.rng.uniform(0.05, 0.8))
        old, self.server, self._replica = self.server, self._replica, None
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        self._point()
        old._kill()
        await old.stop()
        self.report.kills["Valkey, its replica took over"] += 1
        self._watch = asyncio.create_task(self.server.run())
        await self._replicate()


async def command(server: ValkeyServer, *words: str | int) -> Any:
    """Give one server a plain command."""
    valkey = Valkey(address=server.address, library="")  # a replica takes none
    await valkey.connect()
    try:
        return await valkey.command(*words)
    finally:
        await valkey.close()
