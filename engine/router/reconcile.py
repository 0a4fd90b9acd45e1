"""Rebuild a board that is gone, went back in time or lost events, from the record.

Under a lease, in a new epoch: an empty board, its configuration, the agents' statuses, assignments (active and wrap-up
items return to their agents), then everything that waits, with its age; matching starts last. Until then commands
answer "no board". A crash anywhere leaves a board that is still rebuilding, and the next run begins anew; a rival whose
lease was lost writes into an epoch that is over, and is refused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import structlog

from engine.errors import Unavailable
from engine.failpoints import failpoint
from engine.model.call import Ring
from engine.model.organisation import Organisation
from engine.model.record import BoardMark, QueueState
from engine.model.work import Outcome, WorkItem, WorkState
from engine.router.board import Answer, Board
from engine.router.router import item_fields
from engine.router.setup import agent_setups, board_setup

log = structlog.get_logger(__name__)

LEASE_MS = 8_000
"""Kept while the work goes on; a process that died in it holds the others up for no longer."""
WAIT_S = 60.0
ITEMS_PER_CALL = 30
AGENTS_PER_CALL = 4
ASSIGNMENTS_PER_EPOCH = 10**11
"""Each epoch numbers its assignments from its own start, so that none is used twice even where nothing is known of
the last epoch's; 2^53 allows 90,000 epochs of 10^11."""

HARMLESS = frozenset(
    {Outcome.OK, Outcome.REPEATED, Outcome.UNKNOWN_AGENT, Outcome.UNKNOWN_STATUS, Outcome.UNKNOWN_QUEUE}
)
"""Answers after which a rebuild goes on: what the configuration no longer knows needs no place on the board."""

HELD = frozenset({WorkState.ACTIVE, WorkState.WRAPUP})
WAITING = frozenset({WorkState.QUEUED, WorkState.OFFERED, WorkState.PARKED, WorkState.SCHEDULED})
"""What is restored as waiting. Pending items are left to the sweep, which enqueues them as new."""


class Record(Protocol):
    """What the record knows of the board."""

    async def cursor(self, org_id: str) -> BoardMark:
        """Return the last event in the record."""
        ...

    async def begin_epoch(self, org_id: str, *, at_least: int) -> int:
        """Begin a new epoch above ``at_least`` and all earlier ones, its cursor at the start; return it."""
        ...

    async def queue_states(self, org_id: str) -> Mapping[str, QueueState]:
        """Return how supervisors have set each queue."""
        ...

    async def open_items(self, org_id: str) -> Sequence[WorkItem]:
        """Return all items that are not closed, with their age."""
        ...

    async def rings(self, org_id: str) -> Sequence[Ring]:
        """Return whose telephones ring now."""
        ...


class Leases(Protocol):
    """Named leases between processes."""

    async def acquire(self, name: str, ttl_ms: int) -> int | None:
        """Take the lease; None while somebody holds it."""
        ...

    async def renew(self, name: str, token: int, ttl_ms: int) -> bool:
        """Extend the lease."""
        ...

    async def release(self, name: str, token: int) -> bool:
        """Give the lease back."""
        ...


Configuration = Callable[[str], Awaitable[tuple[Organisation, Mapping[str, str]]]]
"""Return an organisation as configured now, and its agents' user ids by log-in."""

Statuses = Callable[[str], Awaitable[Mapping[str, str]]]
"""Return the last known presence status of agents."""


class Reconciler:
    """Rebuild boards; called at start and by whoever finds that a board is gone."""

    def __init__(
        self,
        *,
        board: Board,
        record: Record,
        leases: Leases,
        configuration: Configuration,
        statuses: Statuses | None = None,
    ) -> None:
        self._board = board
        self._record = record
        self._leases = leases
        self._configuration = configuration
        self._statuses = statuses
        self._locks: dict[str, asyncio.Lock] = {}

    async def run(self, org_id: str, *, force: bool = False) -> bool:
        """Make sure that the board is there and level with the record; return whether it was rebuilt.

        Idempotent; concurrent calls, of other processes too, wait for the one that works. ``force`` rebuilds a board
        that looks healthy (it lost events).

        Raises:
            Unavailable: the board's server, or the record, is away; another process holds the lease for too long.
        """
        async with self._locks.setdefault(org_id, asyncio.Lock()):
            name = f"reconcile:{org_id}"
            before = await self._mark(org_id)
            token = await self._take_lease(name)
            try:
                found = await self._mark(org_id)
                changed = found.epoch != before.epoch  # somebody rebuilt it while we waited
                if await self._is_healthy(org_id, found) and (changed or not force):
                    return False
                await self._rebuild(org_id, found, _Keeper(self._leases, name, token))
                return True
            finally:
                await self._leases.release(name, token)

    async def _mark(self, org_id: str) -> Answer:
        return await self._board.ask_in(0, org_id, "show_mark")

    async def _is_healthy(self, org_id: str, found: Answer) -> bool:
        if found.outcome is not Outcome.OK or found.result != "open":
            return False
        mark = await self._record.cursor(org_id)
        return found.epoch == mark.epoch and found.last_seq >= mark.seq

    async def _take_lease(self, name: str) -> int:
        deadline = asyncio.get_running_loop().time() + WAIT_S
        while (token := await self._leases.acquire(name, LEASE_MS)) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable("Another process is rebuilding the board.", slug="board-rebuilding")
            await asyncio.sleep(0.05)
        return token

    async def _rebuild(self, org_id: str, found: Answer, keeper: "_Keeper") -> None:
        epoch = await self._record.begin_epoch(org_id, at_least=found.epoch)
        tell = log.info if epoch == 1 else log.warning  # the first board of all is no news
        tell("rebuilding the board", org_id=org_id, epoch=epoch, found=found.outcome.value)
        items = await self._record.open_items(org_id)
        known = max((item.assignment for item in items), default=0)
        into = _Rebuild(self._board, org_id, epoch, keeper)
        await into.call("open_board", max(known, epoch * ASSIGNMENTS_PER_EPOCH), plain=True)
        failpoint("reconcile.after-open")
        await into.configure(*await self._configuration(org_id))
        await into.queues(await self._record.queue_states(org_id))
        if self._statuses is not None:
            await into.statuses(await self._statuses(org_id))
        held = [item for item in items if item.state in HELD]
        await into.restore(held)
        failpoint("reconcile.after-assignments")
        waiting = [item for item in items if item.state in WAITING]
        await into.restore(waiting)
        await into.rings(await self._record.rings(org_id))
        await into.call("start_matching")
        tell("board rebuilt", org_id=org_id, epoch=epoch, held=len(held), waiting=len(waiting))
        await into.drop_remains()


class _Keeper:
    """Keep the lease while the work goes on."""

    def __init__(self, leases: Leases, name: str, token: int) -> None:
        self._leases = leases
        self._name = name
        self._token = token

    async def keep(self) -> None:
        """Extend the lease; raise Unavailable when it was lost."""
        if not await self._leases.renew(self._name, self._token, LEASE_MS):
            raise Unavailable("The lease for rebuilding the board was lost.", slug="board-rebuilding")


class _Rebuild:
    """The calls of one rebuild, all in its epoch."""

    def __init__(self, board: Board, org_id: str, epoch: int, keeper: _Keeper) -> None:
        self._board = board
        self._org_id = org_id
        self._epoch = epoch
        self._keeper = keeper

    async def call(self, function: str, *arguments: str | int | bytes, plain: bool = False) -> Answer:
        """Call a function; raise Unavailable when it is refused (somebody began a later epoch)."""
        if not plain:
            await self._keeper.keep()
        answer = await self._board.ask_in(self._epoch, self._org_id, function, *arguments)
        if answer.outcome not in HARMLESS:
            raise Unavailable(
                f"The rebuild of the board in epoch {self._epoch} stopped: {answer.outcome}.", slug="board-rebuilding"
            )
        return answer

    async def configure(self, organisation: Organisation, agents: Mapping[str, str]) -> None:
        await self.call("configure_board", msgspec.json.encode(board_setup(organisation, agents)))
        setups = agent_setups(organisation, agents)
        for start in range(0, len(setups), AGENTS_PER_CALL):
            await self.call("configure_agents", msgspec.json.encode(setups[start : start + AGENTS_PER_CALL]))

    async def queues(self, states: Mapping[str, QueueState]) -> None:
        for queue, state in sorted(states.items()):
            await self.call("set_queue", queue, state.mode, "", "")

    async def statuses(self, known: Mapping[str, str]) -> None:
        for agent_id, status in sorted(known.items()):
            await self.call("set_status", agent_id, status)

    async def restore(self, items: Sequence[WorkItem]) -> None:
        for start in range(0, len(items), ITEMS_PER_CALL):
            part = [item_fields(item) for item in items[start : start + ITEMS_PER_CALL]]
            await self.call("restore_items", msgspec.json.encode(part))

    async def rings(self, rings: Sequence[Ring]) -> None:
        for ring in rings:
            await self.call("ring_agent", ring.agent_id, ring.leg, ring.until_ms)

    async def drop_remains(self) -> None:
        cursor = "0"
        while (cursor := str((await self.call("drop_remains", cursor)).result)) != "0":
            pass
