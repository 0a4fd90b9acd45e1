"""A contact center at work on a real board: through the router's Python face, as the engine itself uses it.

Closed loop with bounded concurrency: so many tasks, each with one call under way. A turn of a task is one lifecycle: a
new item comes in, the contact that has lasted longest ends, an offer is accepted. So the number of items that wait
stays as it was. Whatever a reply reports (an ended contact's agent gets his next offer in the same step) is noted and
taken up by whichever task comes next.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from engine.bench.histogram import Histogram
from engine.bench.routing.organisation import AVAILABLE, PRIORITIES, agent_id, organisation, user_ids, work_item
from engine.bench.routing.shape import Shape, Signature
from engine.errors import CordboardError
from engine.ids import NewId
from engine.model.call import Ring
from engine.model.organisation import Organisation
from engine.model.record import BoardMark, QueueState
from engine.model.work import EventKind, Reply, WorkItem
from engine.router.board import Board
from engine.router.reconcile import Leases, Reconciler
from engine.router.router import Router

TICK_S = 0.2
_Part = TypeVar("_Part")
Step = Callable[[float], None]
"""Is told how many steps of a long piece of work were done."""


class _EmptyRecord:
    """A record that knows of nothing: the board begins empty."""

    async def cursor(self, org_id: str) -> BoardMark:  # noqa: ARG002 -- there is one organisation
        return BoardMark()

    async def queue_states(self, org_id: str) -> Mapping[str, QueueState]:  # noqa: ARG002 -- as above
        return {}

    async def begin_epoch(self, org_id: str, *, at_least: int) -> int:  # noqa: ARG002 -- as above
        return at_least + 1

    async def open_items(self, org_id: str) -> Sequence[WorkItem]:  # noqa: ARG002 -- as above
        return ()

    async def rings(self, org_id: str) -> Sequence[Ring]:  # noqa: ARG002 -- as above
        return ()


class Floor:
    """One organisation's agents and work."""

    def __init__(self, *, org_id: str, shape: Shape, order: str, router: Router, new_id: NewId) -> None:
        self._org_id = org_id
        self._shape = shape
        self._order = order
        self._router = router
        self._new_id = new_id
        self._arrivals = shape.stream()
        self._number = itertools.count()
        self._offers: deque[tuple[str, str, int]] = deque()  # item, agent, assignment
        self._active: deque[tuple[str, str, int]] = deque()  # in the order in which they were accepted
        self.done = 0  # lifecycles

    @property
    def org_id(self) -> str:
        """Return the organisation's id."""
        return self._org_id

    @property
    def talking(self) -> int:
        """Return how many items are with an agent."""
        return len(self._active)

    async def open(self, board: Board, leases: Leases) -> None:
        """Put the configuration on an empty board. Raises CordboardError."""

        async def configuration(_org_id: str) -> tuple[Organisation, Mapping[str, str]]:
            return organisation(self._org_id, self._shape, order=self._order), user_ids(self._shape)

        keeper = Reconciler(board=board, record=_EmptyRecord(), leases=leases, configuration=configuration)
        await keeper.run(self._org_id)

    async def log_in(self, concurrency: int, step: Step) -> None:
        """Let every agent connect and say that he is available, many at a time."""
        await _each(range(self._shape.agents), self._log_one_in, concurrency, step)

    async def fill(self, items: int, concurrency: int, step: Step) -> None:
        """Let so many items come in."""
        await _each(range(items), lambda _: self._enqueue(next(self._arrivals)), concurrency, step)

    async def staff(self, concurrency: int) -> None:
        """Let the agents accept whatever they are offered until nothing is offered any more."""
        while self._offers:
            await _each(range(len(self._offers)), lambda _: self._accept(), concurrency, lambda _: None)

    async def ask_new(self, signatures: Iterable[Signature], concurrency: int) -> int:
        """Let one item of each signature come in, which nobody asked for before, and be taken back; return how many."""
        items: list[str] = []

        async def enqueue(signature: Signature) -> None:
            items.append(await self._enqueue(signature))

        await _each(list(signatures), enqueue, concurrency, lambda _: None)
        await _each(items, self._take_back, concurrency, lambda _: None)
        gone = set(items)
        self._offers = deque(offer for offer in self._offers if offer[0] not in gone)
        return len(items)

    async def drive(self, seconds: float, concurrency: int) -> None:
        """Work for so long; what is under way at the end is finished."""
        until = time.perf_counter() + seconds
        async with self.ticking():
            await asyncio.gather(*(self._work(until) for _ in range(concurrency)))

    async def probe(self, turns: int) -> Histogram:
        """Do so many lifecycles one after the other; return how long the end of a contact took, next offer included."""
        times = Histogram()
        for _ in range(turns):
            await self._enqueue(next(self._arrivals))
            began = time.perf_counter()
            await self._end()
            times.record(time.perf_counter() - began)
            await self._accept()
        return times

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Move the board's time meanwhile, as each engine process does."""
        task = asyncio.create_task(self._tick(), name=f"bench-tick:{self._org_id}")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            tick = await self._router.tick(self._org_id)
            self._note(Reply(outcome=tick.outcome, events=tick.events))
            await asyncio.sleep(TICK_S)

    async def _work(self, until: float) -> None:
        while time.perf_counter() < until:
            await self._enqueue(next(self._arrivals))
            await self._end()
            await self._accept()

    async def _enqueue(self, signature: Signature) -> str:
        item = work_item(self._org_id, signature, item_id=self._new_id(), priority=next(self._number) % PRIORITIES)
        self._note(await self._router.enqueue(item))
        return item.id

    async def _accept(self) -> None:
        if self._offers:
            offer = self._offers.popleft()
            self._note(await self._router.accept(self._org_id, *offer))
            self._active.append(offer)

    async def _end(self) -> None:
        if self._active:
            contact = self._active.popleft()
            self._note(await self._router.end(self._org_id, *contact))
            self.done += 1

    async def _take_back(self, item_id: str) -> None:
        self._note(await self._router.conclude(self._org_id, item_id, "abandoned"))

    async def _log_one_in(self, number: int) -> None:
        self._note(await self._router.connect_agent(self._org_id, agent_id(number), f"socket-{number}"))
        self._note(await self._router.set_status(self._org_id, agent_id(number), AVAILABLE))

    def _note(self, reply: Reply) -> None:
        if not reply.ok:
            raise CordboardError(f"The router refused what it must take: {reply.outcome.value}.", slug="bench-refused")
        for event in reply.events:
            if event.kind is EventKind.OFFERED:
                self._offers.append((event.item_id, event.agent_id, event.assignment))


async def _each(parts: Sequence[_Part], do: Callable[[_Part], Awaitable[object]], concurrency: int, step: Step) -> None:
    """Do something for each part, at most so many at a time."""
    left = iter(parts)

    async def worker() -> None:
        for part in left:
            await do(part)
            step(1)

    await asyncio.gather(*(worker() for _ in range(min(concurrency, len(parts)))))
