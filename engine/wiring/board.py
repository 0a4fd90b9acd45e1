"""The live board's server: embedded and supervised, or the operator's own; and its client."""

import asyncio

import structlog

from engine.errors import Unavailable
from engine.router.libraries import Libraries
from engine.router.library import compose_library, library_name
from engine.settings import Settings
from engine.valkey import ValkeyServer
from engine.valkey.client import Valkey

log = structlog.get_logger(__name__)

CONNECT_S = 30.0


class BoardServer:
    """Hold the server, where it is ours, and the client."""

    def __init__(self, settings: Settings) -> None:
        self._server = None if settings.valkey_url else ValkeyServer(data=settings.data.absolute())
        self._url = settings.valkey_url
        self._client: Valkey | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def embedded(self) -> bool:
        """Say whether the server is this process's own, and nobody else's."""
        return self._server is not None

    @property
    def client(self) -> Valkey:
        """Return the connected client."""
        assert self._client is not None
        return self._client

    async def start(self) -> None:
        """Start the server if it is ours, and connect. Raises Unavailable with the mend."""
        if self._server is not None:
            await self._server.start()
            self._watch = asyncio.create_task(self._server.run(), name="valkey-watch")
        self._client = Valkey(address=self._server.address if self._server else self._url, library=compose_library())
        await self._connect()

    def libraries(self) -> Libraries:
        """Return the role that deletes the libraries of builds that are gone."""
        return Libraries(servers=self.client, own=library_name())

    async def failed(self) -> None:
        """Wait until the embedded server cannot be kept alive, and raise why; never returns otherwise."""
        if self._watch is None:
            await asyncio.Event().wait()
            return
        await asyncio.shield(self._watch)
        raise Unavailable("The embedded Valkey has ended.", slug="board-start-failed")

    async def stop(self) -> None:
        """Disconnect, and end the server if it is ours. Safe to call twice."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        if self._client is not None:
            await self._client.close()
        if self._server is not None:
            await self._server.stop()

    async def _connect(self) -> None:
        """Connect, waiting for a server that is still starting. Raises Unavailable."""
        deadline = asyncio.get_running_loop().time() + CONNECT_S
        while True:
            try:
                await self.client.connect()
            except Unavailable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                log.warning("waiting for Valkey")
                await asyncio.sleep(0.5)
            else:
                return
