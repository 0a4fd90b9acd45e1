"""One server: its lanes, its reads that wait, its topics.

Concurrent callers share a few *lanes*: each lane sends whatever waits as one pipeline, while the other is under way.
So calls that come together are answered together (with ``appendfsync always`` the server syncs once for all of
them), and a single call waits for nobody. Rejected: a connection per caller, three times slower; one pipeline at a
time, where client and server take turns. For the same reason a pipeline ends behind a command that carries many others
(``LONG``): two of them in one would be answered together, and the server would wait while their answers are read.

Nothing is retried after a lost connection: the command may have had its effect. Callers repeat what is safe.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from engine.errors import Unavailable
from engine.valkey.pipe import Command, Pipe
from engine.valkey.refusal import Unsent, as_ours, unavailable

log = structlog.get_logger(__name__)

LANES = 2
BATCH = 128
LONG = 32
"""Parts from which on a command counts as many."""
BOUND = 20_000

Entries = list[tuple[str, Mapping[str, str]]]
"""Entries of a stream: id and fields."""


class Node:
    """A client of one server; safe to share by all tasks of one event loop."""

    def __init__(self, *, address: str, timeout_s: float) -> None:
        """Prepare a client of the server at ``address`` (as redis-py reads it); one answer may take ``timeout_s``."""
        self.address = address
        self._timeout_s = timeout_s
        self._waiting: deque[tuple[Command, asyncio.Future[Any]]] = deque()
        self._wanted = asyncio.Event()
        self._lanes: list[asyncio.Task[None]] = []
        self._ending = False
        self._loading: asyncio.Task[Any] | None = None
        self._patient = self._client(decode_responses=True)
        self._readers: list[Pipe] = []  # a read that waits has a connection to itself meanwhile
        self._free: list[Pipe] = []  # those of them that nobody uses

    def _client(self, *, decode_responses: bool) -> "Redis":
        """Return a client that waits for answers as long as it takes: time-outs are set around it."""
        return Redis.from_url(
            self.address,
            decode_responses=decode_responses,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=self._timeout_s,
        )

    async def open(self) -> None:
        """Open the lanes and see that the server answers. Idempotent. Raises RedisError or Unavailable."""
        self.start()
        await self.send(("PING",))

    def start(self) -> None:
        """Open the lanes; they connect when there is something to send. Idempotent."""
        if not self._lanes:
            self._lanes = [asyncio.create_task(self._run_lane(), name=f"valkey-lane:{n}") for n in range(LANES)]

    async def ask(self, *commands: Command) -> list[Any]:
        """Run commands one behind the other on a connection of their own; a refused one's answer is its error.

        Raises:
            Unavailable: the server does not answer.
        """
        pipe = Pipe(client=self._patient, timeout_s=self._timeout_s)
        with as_ours():
            try:
                return await pipe.exchange(commands)
            finally:
                await pipe.close()

    async def close(self) -> None:
        """Stop the lanes and close every connection; calls that wait fail. Idempotent."""
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        while self._waiting:
            _fail(self._waiting.popleft()[1], _closed())
        for pipe in self._readers:
            await pipe.close()  # a read under way fails
        await self._patient.aclose()

    async def retire(self) -> None:
        """Give back what was not sent yet, wait for the answers to what was; then close. Cancellation safe."""
        self._ending = True
        while self._waiting:
            _fail(self._waiting.popleft()[1], Unsent("The node left the cluster.", slug="board-unavailable"))
        self._wanted.set()
        try:
            if self._lanes:
                await asyncio.wait(self._lanes, timeout=self._timeout_s)
        finally:
            await self.close()

    async def send(self, command: Command) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Run one command and return its answer.

        Cancellation safe: the command may still have its effect.

        Raises:
            RedisError: the server refused it.
            Unavailable: the server is away, too slow, or too many commands wait.
        """
        if not self._lanes:
            raise Unavailable("The Valkey client is not connected.", slug="board-unavailable")
        if len(self._waiting) >= BOUND:
            raise Unavailable("Too many calls wait for Valkey.", slug="board-busy")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        self._wanted.set()
        return await answer

    async def send_all(self, command: Command) -> list[Any]:
        """Run one command on all servers, which is this one; a refusal is its answer. Raises Unavailable."""
        try:
            return [await self.send(command)]
        except RedisError as error:
            return [error]

    async def load(self, library: str, key: str = "") -> None:  # noqa: ARG002 - every key lies here
        """Load a function library, once for all who ask at the same time; raise as ``send`` does."""
        if self._loading is None:
            loading = asyncio.create_task(self.send(("FUNCTION", "LOAD", "REPLACE", library)), name="valkey-load")
            loading.add_done_callback(self._loaded)
            self._loading = loading
        await asyncio.shield(self._loading)

    def _loaded(self, loading: asyncio.Task[Any]) -> None:
        self._loading = None
        if not loading.cancelled():
            loading.exception()  # whoever waited has it; nobody may have waited any longer

    async def read_stream(self, key: str, after: str, *, block_ms: int, count: int) -> Entries:
        """Return entries after an id, waiting up to ``block_ms`` (0 = not at all) for one.

        Raises:
            RedisError: the server refused, also while the read waited.
            Unavailable: the server is away or too slow.
        """
        if not self._lanes:
            raise _closed()
        if not self._free:
            self._free.append(Pipe(client=self._patient, timeout_s=self._timeout_s))
            self._readers.append(self._free[-1])
        pipe = self._free.pop()
        waiting: Command = ("BLOCK", block_ms) if block_ms else ()
        try:
            (found,) = await pipe.exchange(
                [("XREAD", "COUNT", count, *waiting, "STREAMS", key, after)], patience_s=block_ms / 1000
            )
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error
        finally:
            self._free.append(pipe)  # what went wrong has closed its connection; the next read opens it again
        if isinstance(found, RedisError):
            raise found
        entries: Entries = found[0][1] if found else []
        return entries

    async def publish(self, topic: str, payload: bytes) -> int:
        """Send to all who listen; return how many. Raises as ``send`` does."""
        heard: int = await self.send(("PUBLISH", topic, payload))
        return heard

    async def listen(self, topic: str, *, sharded: bool = False) -> AsyncGenerator[bytes, None]:
        """Yield what is published to ``topic`` until the connection is lost, or the topic moves to another node.

        Raises:
            RedisError: the server refused.
            Unavailable: the server is away.
        """
        client = self._client(decode_responses=False)
        connection: Any = client.connection_pool.make_connection()  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        try:
            await connection.connect()
            await connection.send_command("SSUBSCRIBE" if sharded else "SUBSCRIBE", topic)
            while True:
                kind, _, payload = await connection.read_response(timeout=math.inf)
                if kind in (b"message", b"smessage"):
                    yield payload
                elif kind == b"sunsubscribe":
                    return
        finally:
            await connection.disconnect(nowait=True)
            await client.aclose()

    async def _run_lane(self) -> None:
        pipe = Pipe(client=self._patient, timeout_s=self._timeout_s)
        try:
            while True:
                await self._wanted.wait()
                batch = self._portion()
                if batch:
                    if not self._waiting and not self._ending:
                        self._wanted.clear()
                    await self._exchange(pipe, batch)
                elif self._ending:
                    return
                else:
                    self._wanted.clear()
        finally:
            await pipe.close()

    def _portion(self) -> list[tuple[Command, asyncio.Future[Any]]]:
        """Take what the next pipeline carries."""
        batch: list[tuple[Command, asyncio.Future[Any]]] = []
        while self._waiting and len(batch) < BATCH:
            batch.append(self._waiting.popleft())
            if len(batch[-1][0]) >= LONG:
                break
        return batch

    async def _exchange(self, pipe: Pipe, batch: Sequence[tuple[Command, asyncio.Future[Any]]]) -> None:
        """Send one batch and hand out its answers; every future is done afterwards."""
        try:
            answers = await pipe.exchange([command for command, _ in batch])
        except asyncio.CancelledError:
            _fail_all(batch, _closed())
            raise
        except (RedisError, OSError, TimeoutError) as error:
            _fail_all(batch, unavailable(error))
        except Exception as error:  # a lane that died would leave every later caller waiting
            log.exception("valkey lane failed")
            _fail_all(batch, error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                _answer(future, answer)


def _answer(future: asyncio.Future[Any], answer: object) -> None:
    if isinstance(answer, Exception):
        _fail(future, answer)
    elif not future.done():  # its caller may be gone
        future.set_result(answer)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _fail_all(batch: Sequence[tuple[Command, asyncio.Future[Any]]], error: Exception) -> None:
    for _, future in batch:
        _fail(future, error)


def _closed() -> Unavailable:
    return Unavailable("The Valkey client was closed.", slug="board-unavailable")
