"""The one Valkey client: function calls, the event streams, plain commands, publish and subscribe.

Behind it stands one server (``node.py``) or a cluster (``cluster.py``): ``connect`` finds out which, and from then
on nothing asks again.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from redis.exceptions import BusyLoadingError, ResponseError

from engine.errors import CordboardError, Unavailable
from engine.valkey.address import read_addresses
from engine.valkey.cluster import Cluster, look
from engine.valkey.node import Entries, Node
from engine.valkey.pipe import Command
from engine.valkey.refusal import as_ours, refused


def meta_key(org_id: str) -> str:
    """Return the one key that every routing function of an organisation declares."""
    return f"cb:{{{org_id}}}:meta"


def events_key(org_id: str) -> str:
    """Return the key of an organisation's event stream."""
    return f"cb:{{{org_id}}}:events"


class Valkey:
    """A client of one server or one cluster; safe to share by all tasks of one event loop."""

    def __init__(self, *, address: str, library: str = "", timeout_s: float = 10.0) -> None:
        """Prepare a client; nothing happens before ``connect``.

        Args:
            address: ``unix://path``, ``redis://``, ``rediss://``, ``valkey://`` or ``valkeys://``; for a cluster some
                of its nodes, with commas between them.
            library: Source of the function library, loaded at ``connect`` and wherever it is missing.
            timeout_s: How long one answer may take.

        Raises:
            ConfigurationError: the address cannot be read.
        """
        self._address = address
        self._addresses = read_addresses(address)
        self._library = library
        self._timeout_s = timeout_s
        self._server: Node | Cluster | None = None
        self._send: Callable[[Command], Awaitable[Any]] = _not_connected

    async def connect(self) -> None:
        """Reach the server or the cluster, load the library, open the lanes. Idempotent.

        Raises:
            Unavailable: no server answers.
            CordboardError: several addresses are given, and they are no cluster's.
        """
        if self._server is not None:
            return
        server = await self._find()
        try:
            with as_ours():
                await server.open()
                if self._library:
                    await server.load(self._library)
        except BaseException:
            await server.close()
            raise
        self._server, self._send = server, server.send

    async def close(self) -> None:
        """Close every connection; calls that wait fail. Idempotent."""
        server, self._server, self._send = self._server, None, _not_connected
        if server is not None:
            await server.close()

    async def call(self, function: str, org_id: str, *arguments: str | int | bytes) -> Any:  # noqa: ANN401 - per function
        """Call a library function with the organisation's one key; load the library if the server lacks it.

        Cancellation safe: the call may still have its effect.

        Raises:
            Unavailable: the server is away, too slow, or too many calls wait.
        """
        command: Command = ("FCALL", function, 1, meta_key(org_id), *arguments)
        try:
            return await self._send(command)
        except (ResponseError, BusyLoadingError) as error:
            if "function not found" not in str(error).lower():
                raise refused(error) from error
        with as_ours():
            await self._reached().load(self._library, meta_key(org_id))
        return await self.command(*command)

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Run one plain command and return its answer; raise Unavailable.

        On a cluster it goes where its first key lies; one without a key always to the same node.
        """
        try:
            return await self._send(parts)
        except (ResponseError, BusyLoadingError) as error:
            raise refused(error) from error

    async def everywhere(self, *parts: str | int | bytes) -> list[Any]:
        """Run one command without keys on the server, or on every primary of the cluster.

        Return their answers; that of one which refused, or did not answer, is its error. Raises Unavailable when none
        answers.
        """
        return await self._reached().send_all(parts)

    async def get(self, key: str) -> str | None:
        """Return a plain value; raise Unavailable."""
        value: str | None = await self.command("GET", key)
        return value

    async def set(self, key: str, value: str, *, ttl_ms: int = 0) -> None:
        """Set a plain value, for ``ttl_ms`` (0 = for good); raise Unavailable."""
        await self.command("SET", key, value, *(("PX", ttl_ms) if ttl_ms else ()))

    async def read_stream(self, org_id: str, after: str, *, block_ms: int = 0, count: int = 500) -> Entries:
        """Return events after an id, waiting up to ``block_ms`` (0 = not at all) for one; raise Unavailable."""
        with as_ours():
            return await self._reached().read_stream(events_key(org_id), after, block_ms=block_ms, count=count)

    async def trim_stream(self, org_id: str, before: str) -> None:
        """Drop events before an id; raise Unavailable."""
        await self.command("XTRIM", events_key(org_id), "MINID", "~", before)

    async def publish(self, topic: str, payload: bytes) -> int:
        """Send ``payload`` to all who listen now; return how many. Raises Unavailable."""
        with as_ours():
            return await self._reached().publish(topic, payload)

    async def subscribe(self, topic: str) -> AsyncGenerator[bytes, None]:
        """Yield payloads published from now on until the connection is lost (ends or raises Unavailable)."""
        with as_ours():
            async with aclosing(self._reached().listen(topic)) as listening:
                async for payload in listening:
                    yield payload

    def _reached(self) -> Node | Cluster:
        if self._server is None:
            raise _unconnected()
        return self._server

    async def _find(self) -> Node | Cluster:
        """Ask who answers first whether it is a node of a cluster."""
        if self._addresses[0].startswith("unix:"):
            return Node(address=self._addresses[0], timeout_s=self._timeout_s)
        failure: CordboardError = _unconnected()
        for address in self._addresses:
            try:
                ranges = await look(address, timeout_s=self._timeout_s)
            except Unavailable as error:
                failure = error
                continue
            if ranges:
                return Cluster(seeds=self._addresses, timeout_s=self._timeout_s)
            if len(self._addresses) == 1:
                return Node(address=address, timeout_s=self._timeout_s)
            raise CordboardError(
                "Several addresses of Valkey are given, but they are not nodes of one cluster.",
                slug="board-fault",
                mend="Name one server, or nodes of a cluster.",
            )
        raise failure


async def _not_connected(command: Command) -> Any:  # noqa: ANN401, ARG001 - in place of a server's `send`
    raise _unconnected()


def _unconnected() -> Unavailable:
    return Unavailable("The Valkey client is not connected.", slug="board-unavailable")
