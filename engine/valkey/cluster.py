"""A cluster: every slot's primary with lanes of its own, and what to do when the cluster says "not here, not now".

redis-py's cluster client is not used: its pipelines make a tenth of the calls. A command goes straight to the node
that serves its slot; the cluster's own refusals put the map right:

- ``MOVED``: the slot is elsewhere now. The map is changed at once, and learned anew in the background.
- ``ASK``: the slot is on its way, key by key (the old form of migration). A plain command follows. A *function* does
  not: it works on many keys of which the server knows one, and would find half of them. It waits for the end.
- ``TRYAGAIN``, ``CLUSTERDOWN``, ``LOADING``, ``READONLY``, no connection: the map is learned anew and the command
  repeated, with growing waits, for ``patience_s`` at most.

All these are refusals: the command had no effect, so that repeating it is safe. A connection lost half-way is not;
there the caller is told, as with a single server.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import structlog
from redis.exceptions import AskError, MovedError, RedisError, ResponseError

from engine.errors import CordboardError, Unavailable
from engine.valkey.address import Endpoint, at_endpoint, endpoint_of
from engine.valkey.node import BOUND, Entries, Node
from engine.valkey.pipe import Command
from engine.valkey.refusal import Unsent, refused, word_of
from engine.valkey.slots import SLOTS, Range, read_slots, slot_of, slot_of_key

log = structlog.get_logger(__name__)

PATIENCE_S = 2.0
WAITS_S = (0.01, 0.25)
"""First and longest wait before a refused command is repeated."""
HOPS = 16
"""So often a command follows ``MOVED`` without a wait."""
PACE_S = 0.05
"""Between two looks at the map, at least."""
WATCH_S = 2.0
"""So often the map is looked at although nothing was refused."""
LOOK_S = 1.0
"""How long one node may take to tell the map."""

_LATER = frozenset({"TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "READONLY", "UNBLOCKED", "ASK"})
_FUNCTIONS = frozenset({"FCALL", "FCALL_RO"})

Attempt = Callable[[Node], Awaitable[Any]]


class Cluster:
    """A client of a cluster; safe to share by all tasks of one event loop."""

    def __init__(self, *, seeds: tuple[str, ...], timeout_s: float, patience_s: float = PATIENCE_S) -> None:
        """Know the cluster by some of its nodes' addresses, ``seeds``; ``open`` learns the others."""
        self._seeds = seeds
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._nodes: dict[Endpoint, Node] = {}
        self._owners: list[Node | None] = [None] * SLOTS
        self.primaries: frozenset[Endpoint] = frozenset()
        """The nodes that serve slots, as last learned."""
        self._told_by: deque[str] = deque(seeds)  # who is asked for the map, in this order
        self._learning: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._next_look = 0.0
        self._retiring: set[asyncio.Task[None]] = set()
        self._patient = 0  # commands that wait to be repeated
        self._closed = False

    async def open(self) -> None:
        """Learn the map, and keep it. Raises Unavailable."""
        self._learn_soon()
        if self._learning is not None:
            await asyncio.shield(self._learning)
        self._watching = asyncio.create_task(self._watch(), name="valkey-watch-cluster")

    async def close(self) -> None:
        """Close every connection; calls that wait fail. Idempotent."""
        self._closed = True
        tasks = [task for task in (*self._retiring, self._learning, self._watching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(node.close() for node in self._nodes.values()))

    async def send(self, command: Command) -> Any:  # noqa: ANN401 - each command answers otherwise
        """Run one command where its first key lies; raise RedisError (refused for good) or Unavailable."""
        slot = slot_of(command)
        try:
            return await self._owner(slot).send(command)
        except (RedisError, Unavailable) as error:
            follows = None if command[0] in _FUNCTIONS else command
            return await self._again(slot, error, lambda node: node.send(command), follows)

    async def read_stream(self, key: str, after: str, *, block_ms: int, count: int) -> Entries:
        """Return entries of a stream where it lies; as ``Node.read_stream``."""
        entries: Entries = await self._at(
            slot_of_key(key), lambda node: node.read_stream(key, after, block_ms=block_ms, count=count)
        )
        return entries

    async def load(self, library: str, key: str = "") -> None:
        """Load a function library where ``key`` lies; without a key on every primary that answers.

        Raises:
            RedisError: it is refused.
            Unavailable: no primary answers.
        """
        if key:
            await self._at(slot_of_key(key), lambda node: node.load(library))
            return
        nodes = [self._nodes[endpoint] for endpoint in sorted(self.primaries)]
        results = await asyncio.gather(*(node.load(library) for node in nodes), return_exceptions=True)
        failed = [result for result in results if isinstance(result, BaseException)]
        if failed and len(failed) == len(nodes):
            raise failed[0]
        if failed:
            log.warning("library not loaded on every node; it will be where it is missed", missing=len(failed))

    async def send_all(self, command: Command) -> list[Any]:
        """Run one command on every primary; what fails is its answer. Raises Unavailable when all are away."""
        nodes = [self._nodes[endpoint] for endpoint in sorted(self.primaries)]
        answers = await asyncio.gather(*(node.send(command) for node in nodes), return_exceptions=True)
        away = [answer for answer in answers if isinstance(answer, Unavailable)]
        if away and len(away) == len(nodes):
            raise away[0]
        return answers

    async def publish(self, topic: str, payload: bytes) -> int:
        """Send to all who listen on the node where ``topic`` lies: the others need not hear of it."""
        heard: int = await self.send(("SPUBLISH", topic, payload))
        return heard

    async def listen(self, topic: str) -> AsyncGenerator[bytes, None]:
        """Yield what is published to ``topic`` until the node is lost or the topic moves; raise as ``send`` does."""
        slot = slot_of_key(topic)
        for hop in range(HOPS, -1, -1):
            try:
                async with contextlib.aclosing(self._owner(slot).listen(topic, sharded=True)) as listening:
                    async for payload in listening:
                        yield payload
                break
            except (RedisError, OSError) as error:
                if not self._note(slot, error) or hop == 0:
                    raise
        self._learn_soon()

    async def _at(self, slot: int, attempt: Attempt) -> Any:  # noqa: ANN401 - each command answers otherwise
        try:
            return await attempt(self._owner(slot))
        except (RedisError, Unavailable) as error:
            return await self._again(slot, error, attempt, None)

    async def _again(self, slot: int, error: Exception, attempt: Attempt, follows: Command | None) -> Any:  # noqa: ANN401 - as above
        """Repeat what was refused with ``error`` until it is not, its refusal is for good, or patience ends.

        ``follows``: the command that may be sent after an ``ASK``.
        """
        if self._patient >= BOUND:
            raise Unavailable("Too many calls wait for Valkey.", slug="board-busy") from error
        self._patient += 1
        patience = _Patience(self._patience_s)
        try:
            while True:
                moved = self._note(slot, error)
                asked = type(error) is AskError and follows is not None
                if self._closed or not (moved or _may_repeat(error)):
                    raise error
                if not await patience.wait(at_once=moved or asked):
                    raise error
                try:
                    if type(error) is AskError and follows is not None:
                        return await self._ask(error, follows)
                    return await attempt(self._owner(slot))
                except (RedisError, Unavailable) as again:
                    error = again
        finally:
            self._patient -= 1

    async def _ask(self, error: AskError, command: Command) -> Any:  # noqa: ANN401 - as above
        """Run a command where its slot is moving to."""
        _, answer = await self._node(_named(error, "")).ask(("ASKING",), command)
        if isinstance(answer, RedisError):
            raise answer
        return answer

    def _note(self, slot: int, error: Exception) -> bool:
        """Learn from a failure; return whether it told who serves the slot now."""
        if isinstance(error, MovedError):
            node = self._owners[slot]
            self._owners[slot] = self._node(_named(error, node.address if node else ""))
        elif isinstance(error, RedisError):
            if word_of(error) in ("ASK", "TRYAGAIN") or not _may_repeat(error):
                return False
        elif isinstance(error, Unavailable) and error.slug == "board-busy":
            return False
        self._learn_soon()
        return isinstance(error, MovedError)

    def _owner(self, slot: int) -> Node:
        node = self._owners[slot]
        if node is None:
            raise Unsent(f"No node of the cluster serves slot {slot}.", slug="board-unavailable")
        return node

    def _node(self, endpoint: Endpoint) -> Node:
        node = self._nodes.get(endpoint)
        if node is None:
            node = Node(address=at_endpoint(self._seeds[0], endpoint), timeout_s=self._timeout_s)
            self._nodes[endpoint] = node
            node.start()
        return node

    def _learn_soon(self) -> None:
        if self._learning is None and not self._closed:
            self._learning = asyncio.create_task(self._learn(), name="valkey-map")
            self._learning.add_done_callback(self._learned)

    async def _watch(self) -> None:
        """Look at the map now and then: a machine that has vanished says nothing, and its calls time out late."""
        while True:
            await asyncio.sleep(WATCH_S)
            self._learn_soon()

    def _learned(self, learning: asyncio.Task[None]) -> None:
        self._learning = None
        if not learning.cancelled() and (error := learning.exception()) is not None:
            log.warning("cluster map not learned", error=str(error))

    async def _learn(self) -> None:
        """Ask one node after the other for the map; each time begin with another, lest one be believed for ever."""
        clock = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._next_look - clock.time()))
        self._next_look = clock.time() + PACE_S
        for _ in range(len(self._told_by)):
            address = self._told_by[0]
            self._told_by.rotate(-1)
            with contextlib.suppress(CordboardError, TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    self._adopt(await look(address, timeout_s=LOOK_S))
                    return
        self._next_look = clock.time() + WAITS_S[1]
        raise Unavailable("No node of the cluster tells who serves which slots.", slug="board-unavailable")

    def _adopt(self, ranges: Sequence[Range]) -> None:
        """Take over a map; nodes that are no longer in it finish what they were given."""
        owners: list[Node | None] = [None] * SLOTS
        known: set[Endpoint] = set()
        for first, last, primary, replicas in ranges:
            owners[first : last + 1] = [self._node(primary)] * (last + 1 - first)
            known |= {primary, *replicas}
        primaries = frozenset(primary for _, _, primary, _ in ranges)
        if self.primaries not in (primaries, frozenset()):
            log.warning(
                "another node serves slots of the cluster",
                primaries=sorted(f"{host}:{port}" for host, port in primaries),
            )
        self._owners, self.primaries = owners, primaries
        told_by = dict.fromkeys([at_endpoint(self._seeds[0], endpoint) for endpoint in known] + list(self._seeds))
        if set(told_by) != set(self._told_by):
            self._told_by = deque(told_by)
        for endpoint in self._nodes.keys() - known:
            retiring = asyncio.create_task(self._nodes.pop(endpoint).retire(), name="valkey-retire")
            self._retiring.add(retiring)
            retiring.add_done_callback(self._retiring.discard)


class _Patience:
    """Wait longer and longer, until a deadline; a few times not at all."""

    def __init__(self, patience_s: float) -> None:
        self._deadline = asyncio.get_running_loop().time() + patience_s
        self._wait_s = WAITS_S[0]
        self._hops = HOPS

    async def wait(self, *, at_once: bool) -> bool:
        """Wait for the next attempt; return False when there shall be none."""
        if at_once and self._hops > 0:
            self._hops -= 1
            return True
        if asyncio.get_running_loop().time() + self._wait_s > self._deadline:
            return False
        await asyncio.sleep(self._wait_s)
        self._wait_s = min(2 * self._wait_s, WAITS_S[1])
        return True


async def look(address: str, *, timeout_s: float) -> list[Range]:
    """Return the cluster's map as the node at ``address`` knows it, empty when that is no node of a cluster.

    Raises:
        Unavailable: it does not answer, or knows of no slot that is served.
    """
    node = Node(address=address, timeout_s=timeout_s)
    try:
        (answer,) = await node.ask(("CLUSTER", "SLOTS"))
    finally:
        await node.close()
    if isinstance(answer, ResponseError) and "cluster support disabled" in str(answer):
        return []
    if isinstance(answer, RedisError):
        raise refused(answer) from answer
    ranges = list(read_slots(answer, _host(address)))
    if not ranges:
        raise Unavailable("The Valkey cluster serves no slots yet.", slug="board-unavailable")
    return ranges


def _may_repeat(error: Exception) -> bool:
    """Say whether a command surely had no effect and may have one later. A function's own errors tell neither."""
    if isinstance(error, RedisError):
        return word_of(error) in _LATER and " script: " not in str(error)
    return isinstance(error, Unsent)


def _named(error: AskError, answered: str) -> Endpoint:
    """Return the node that a redirection names; without a host it is the one of the node that ``answered``."""
    return (error.host or _host(answered)), error.port


def _host(address: str) -> str:
    endpoint = endpoint_of(address)
    return endpoint[0] if endpoint else ""
