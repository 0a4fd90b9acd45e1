"""The one Valkey client: function calls, the event streams, plain commands, publish and subscribe.

Concurrent callers share a few *lanes*: each lane sends whatever waits as one pipeline, while the other is under way.
So calls that come together are answered together (with ``appendfsync always`` the server syncs once for all of
them), and a single call waits for nobody. Rejected: a connection per caller, three times slower; one pipeline at a
time, where client and server take turns.

Nothing is retried after a lost connection: the command may have had its effect. Callers repeat what is safe.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as SlowAnswer

from engine.errors import CordboardError, Unavailable
from engine.valkey.pipe import Command, Pipe

log = structlog.get_logger(__name__)

LANES = 2
BATCH = 128
BOUND = 20_000

_AWAY = ("LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "OOM", "MISCONF", "BUSY")
"""First words of answers that say "not now" (Valkey, src/server.c, shared objects)."""


def meta_key(org_id: str) -> str:
    """Return the one key that every routing function of an organisation declares."""
    return f"cb:{{{org_id}}}:meta"


def events_key(org_id: str) -> str:
    """Return the key of an organisation's event stream."""
    return f"cb:{{{org_id}}}:events"


class Valkey:
    """A client of one server; safe to share by all tasks of one event loop."""

    def __init__(self, *, address: str, library: str = "", timeout_s: float = 10.0) -> None:
        """Prepare a client; nothing happens before ``connect``.

        Args:
            address: ``unix://path``, ``redis://``, ``rediss://``, ``valkey://`` or ``valkeys://``.
            library: Source of the function library, loaded at ``connect`` and whenever the server lacks it.
            timeout_s: How long one answer may take.
        """
        self._address = address.replace("valkey://", "redis://").replace("valkeys://", "rediss://")
        self._library = library
        self._timeout_s = timeout_s
        self._waiting: deque[tuple[Command, asyncio.Future[Any]]] = deque()
        self._wanted = asyncio.Event()
        self._lanes: list[asyncio.Task[None]] = []
        self._redis = self._client(timeout_s)
        self._patient = self._client(None)  # for reads that wait on purpose

    def _client(self, timeout_s: float | None) -> "Redis":
        return Redis.from_url(
            self._address,
            decode_responses=True,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=timeout_s,
            socket_connect_timeout=self._timeout_s,
        )

    async def connect(self) -> None:
        """Reach the server, load the library, open the lanes. Idempotent.

        Raises:
            Unavailable: the server does not answer.
        """
        with _as_unavailable():
            await self._redis.ping()
            await self._load()
        if not self._lanes:
            self._lanes = [asyncio.create_task(self._run_lane(), name=f"valkey-lane:{n}") for n in range(LANES)]

    async def close(self) -> None:
        """Stop the lanes and close every connection; calls that wait fail. Idempotent."""
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        while self._waiting:
            _fail(self._waiting.popleft()[1], Unavailable("The Valkey client was closed.", slug="board-unavailable"))
        await self._redis.aclose()
        await self._patient.aclose()

    async def call(self, function: str, org_id: str, *arguments: str | int | bytes) -> Any:  # noqa: ANN401 - per function
        """Call a library function with the organisation's one key; load the library if the server lacks it.

        Cancellation safe: the call may still have its effect.

        Raises:
            Unavailable: the server is away, too slow, or too many calls wait.
        """
        command: Command = ("FCALL", function, 1, meta_key(org_id), *arguments)
        try:
            return await self._send(command)
        except ResponseError as error:
            if "function not found" not in str(error).lower():
                raise _refused(error) from error
        with _as_unavailable():
            await self._load()
        return await self.command(*command)

    async def command(self, *parts: str | int | bytes) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Run one plain command and return its answer; raise Unavailable."""
        try:
            return await self._send(parts)
        except ResponseError as error:
            raise _refused(error) from error

    async def get(self, key: str) -> str | None:
        """Return a plain value; raise Unavailable."""
        value: str | None = await self.command("GET", key)
        return value

    async def set(self, key: str, value: str, *, ttl_ms: int = 0) -> None:
        """Set a plain value, for ``ttl_ms`` (0 = for good); raise Unavailable."""
        await self.command("SET", key, value, *(("PX", ttl_ms) if ttl_ms else ()))

    async def read_stream(
        self, org_id: str, after: str, *, block_ms: int = 0, count: int = 500
    ) -> list[tuple[str, Mapping[str, str]]]:
        """Return events after an id, waiting up to ``block_ms`` (0 = not at all) for one; raise Unavailable."""
        with _as_unavailable():
            async with asyncio.timeout(self._timeout_s + block_ms / 1000):
                found: Any = await self._patient.xread({events_key(org_id): after}, count, block_ms or None)
        entries: list[tuple[str, Mapping[str, str]]] = found[0][1] if found else []
        return entries

    async def trim_stream(self, org_id: str, before: str) -> None:
        """Drop events before an id; raise Unavailable."""
        await self.command("XTRIM", events_key(org_id), "MINID", "~", before)

    async def publish(self, topic: str, payload: bytes) -> int:
        """Send ``payload`` to all who listen now; return how many. Raises Unavailable."""
        heard: int = await self.command("PUBLISH", topic, payload)
        return heard

    async def subscribe(self, topic: str) -> AsyncIterator[bytes]:
        """Yield payloads published from now on until the connection is lost; raise Unavailable then."""
        client = Redis.from_url(self._address, protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=None)
        listener = client.pubsub(ignore_subscribe_messages=True)
        try:
            with _as_unavailable():
                await listener.subscribe(topic)
                async for message in listener.listen():
                    yield message["data"]
        finally:
            await listener.aclose()  # type: ignore[no-untyped-call] # redis-py leaves it untyped
            await client.aclose()

    async def _load(self) -> None:
        if self._library:
            await self._redis.function_load(self._library, replace=True)

    async def _send(self, command: Command) -> Any:  # noqa: ANN401 - each command answers otherwise
        if not self._lanes:
            raise Unavailable("The Valkey client is not connected.", slug="board-unavailable")
        if len(self._waiting) >= BOUND:
            raise Unavailable("Too many calls wait for Valkey.", slug="board-busy")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        self._wanted.set()
        return await answer

    async def _run_lane(self) -> None:
        pipe = Pipe(client=self._patient, timeout_s=self._timeout_s)
        try:
            while True:
                await self._wanted.wait()
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                if not self._waiting:
                    self._wanted.clear()
                if batch:
                    await self._exchange(pipe, batch)
        finally:
            await pipe.close()

    async def _exchange(self, pipe: Pipe, batch: Sequence[tuple[Command, asyncio.Future[Any]]]) -> None:
        """Send one batch and hand out its answers; every future is done afterwards."""
        try:
            answers = await pipe.exchange([command for command, _ in batch])
        except asyncio.CancelledError:
            _fail_all(batch, Unavailable("The Valkey client was closed.", slug="board-unavailable"))
            raise
        except (RedisError, OSError, TimeoutError) as error:
            _fail_all(batch, _unavailable(error))
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


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"Valkey does not answer: {str(error) or type(error).__name__}.", slug="board-unavailable")


def _refused(error: ResponseError) -> CordboardError:
    """Return the error for an answer that is an error: "not now", or a fault of ours."""
    text = str(error)
    if text.startswith(_AWAY) or isinstance(error, LostConnection):
        return _unavailable(error)
    return CordboardError(f"Valkey refused a call: {text}", slug="board-fault")


@contextlib.contextmanager
def _as_unavailable() -> Any:  # noqa: ANN401 - a context manager without a value
    try:
        yield
    except (LostConnection, SlowAnswer, OSError, TimeoutError) as error:
        raise _unavailable(error) from error
    except ResponseError as error:
        raise _refused(error) from error
