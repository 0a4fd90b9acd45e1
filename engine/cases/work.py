"""Keep a case's work item in step with the case, after the commit (effects of the kinds ``work`` and ``board``).

An effect only says that there is something to do. How case and item stand is read anew, what is missing is worked
out (``engine.cases.in_step``), done one command at a time, and looked at again, until nothing is missing: so an effect
may come twice, late, or behind a newer one. The board is the only judge of who has what; a command that it refuses
because somebody was faster means looking again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from engine.cases.in_step import Command, Do, item_for, missing, waiting_changes
from engine.clock import Clock
from engine.errors import Conflict, CordboardError, NotFound, Refused, Unavailable
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.case_work import CaseStanding
from engine.model.casework import EffectKind, PendingEffect
from engine.model.organisation import Organisation
from engine.model.record import Applied
from engine.model.work import Outcome, Reply, Requirement, RoutingEvent, WorkItem

log = structlog.get_logger(__name__)

ROUNDS = 8
"""Looks at a case in one go; whoever is faster than that gets the next one later."""

_BOARD_AWAY = frozenset({Outcome.NO_BOARD, Outcome.STALE_EPOCH, Outcome.WRONG_LAYOUT})


class CaseItemRecord(Protocol):
    """The record as far as the work of cases needs it."""

    async def standing(self, org_id: str, case_id: str) -> CaseStanding:
        """Return how a case and its work stand; raise NotFound."""
        ...

    async def make(
        self,
        org_id: str,
        case_id: str,
        build: Callable[[CaseStanding], WorkItem | None],
        *,
        request: str,
        now_ms: int,
    ) -> WorkItem | None:
        """Keep the pending item that ``build`` wants of the locked case, once per ``request``."""
        ...

    async def name(self, org_id: str, case_id: str, *, now_ms: int) -> None:
        """Let the case name the item that is its own work, or none."""
        ...


class CaseBoard(Protocol):
    """The router as far as the work of cases needs it; every method raises Unavailable."""

    async def enqueue(self, item: WorkItem) -> Reply:
        """Let an item wait for an agent."""
        ...

    async def pick(self, org_id: str, item_id: str, agent_id: str, *, by: str, force: bool) -> Reply:
        """Give a waiting item to an agent."""
        ...

    async def park(self, org_id: str, item_id: str, agent_id: str, assignment: int, why: str = "") -> Reply:
        """Put an active item aside."""
        ...

    async def resume(self, org_id: str, item_id: str, assignment: int = 0) -> Reply:
        """Let a parked item wait again."""
        ...

    async def transfer(
        self,
        org_id: str,
        item_id: str,
        agent_id: str,
        assignment: int,
        *,
        queue: str,
        requirement: Requirement,
        note: str = "",
        to_agent: str = "",
    ) -> Reply:
        """Put an active item back into its queue, held for an agent if one is named."""
        ...


class Intake(Protocol):
    """What intake does with work items; every method raises NotFound, Refused, Unavailable."""

    async def cancel(self, org_id: str, item_id: str) -> WorkItem:
        """Take an item back: what waits is closed, what an agent holds ends."""
        ...

    async def change(self, org_id: str, item_id: str, changes: Mapping[str, object]) -> WorkItem:
        """Change what an item asks for, while it waits."""
        ...


class Recorder(Protocol):
    """Write what the board reported, and tell whoever listens."""

    async def record(self, events: Sequence[RoutingEvent]) -> list[Applied]:
        """Apply events to the record; idempotent."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class CaseWork:
    """Do the effects of the kinds ``work`` and ``board``."""

    def __init__(
        self,
        *,
        record: CaseItemRecord,
        board: CaseBoard,
        intake: Intake,
        recorder: Recorder,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._record = record
        self._board = board
        self._intake = intake
        self._recorder = recorder
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def handle(self, pending: PendingEffect) -> None:
        """Bring the case's work in step. Idempotent; raises Unavailable: again, later. Safe to cancel."""
        try:
            if pending.effect.kind is EffectKind.BOARD:
                await self._follow(pending)
            else:
                await self._settle(pending)
        except NotFound as error:
            log.info("nothing to keep in step", org=pending.org_id, case=pending.case_id, why=str(error))

    async def _follow(self, pending: PendingEffect) -> None:
        """Let waiting items ask for what the case says now."""
        standing = await self._record.standing(pending.org_id, pending.case_id)
        organisation = self._organisations.get(pending.org_id)
        fields = pending.effect.data.get("fields")
        named = frozenset(map(str, fields)) if isinstance(fields, list) else frozenset()
        for item, changes in waiting_changes(standing, organisation, named):
            try:
                await self._intake.change(item.org_id, item.id, changes)
            except (Refused, Conflict) as error:  # an agent has it by now, or the queue is closed to it
                log.info("not changed", org=item.org_id, item=item.id, why=str(error))

    async def _settle(self, pending: PendingEffect) -> None:
        org_id, organisation = pending.org_id, self._organisations.get(pending.org_id)
        for _ in range(ROUNDS):
            standing = await self._record.standing(org_id, pending.case_id)
            command = next(iter(missing(standing, organisation, pending.effect.data)), None)
            if command is None:
                break
            await self._do(command)
            failpoint("casework.after-board")
        else:
            raise Unavailable("The case's work changes faster than it can be followed.", slug="record-behind")
        if pending.effect.data.get("open") is True:
            await self._open(pending, organisation)
        await self._record.name(org_id, pending.case_id, now_ms=self._clock.now_ms())

    async def _open(self, pending: PendingEffect, organisation: Organisation) -> None:
        """Make the case's work item, once per effect, and let it wait; what a crash leaves pending is swept in."""
        now_ms = self._clock.now_ms()

        def build(standing: CaseStanding) -> WorkItem | None:
            return item_for(standing, organisation, item_id=self._new_id(), now_ms=now_ms)

        item = await self._record.make(
            pending.org_id, pending.case_id, build, request=f"case:{pending.effect.id}", now_ms=now_ms
        )
        failpoint("casework.after-commit")
        if item is not None and item.state.value == "pending":
            try:
                reply = await self._board.enqueue(item)
                await self._recorder.record(reply.events)
            except CordboardError as error:
                log.warning("left pending for the sweep", org=item.org_id, item=item.id, why=str(error))

    async def _do(self, command: Command) -> None:
        """Run one command; a refusal means that somebody was faster, and is seen to by looking again."""
        item = command.item
        if command.do is Do.CONCLUDE:
            await self._conclude(item)
            return
        reply = await self._ask(command)
        if reply.outcome in _BOARD_AWAY:
            raise Unavailable("The board is being restored.", slug=reply.outcome.value)
        await self._recorder.record(reply.events)
        if reply.outcome in (Outcome.NO_ROOM, Outcome.UNKNOWN_AGENT):
            await self._conclude(item)  # nobody can park it; the owner takes no work from the board
        elif not reply.ok:
            log.info("looked at again", org=item.org_id, item=item.id, do=command.do, why=reply.outcome.value)
            raise Unavailable("The record is behind the board.", slug="record-behind")

    async def _conclude(self, item: WorkItem) -> None:
        try:
            await self._intake.cancel(item.org_id, item.id)
        except Refused as error:
            raise Unavailable(f"not taken back: {error}", slug="record-behind") from error

    async def _ask(self, command: Command) -> Reply:
        item = command.item
        if command.do is Do.PARK:
            return await self._board.park(item.org_id, item.id, item.agent_id, item.assignment, "waiting")
        if command.do is Do.RESUME:
            return await self._board.resume(item.org_id, item.id)
        if command.do is Do.PICK:
            return await self._board.pick(item.org_id, item.id, command.agent_id, by="supervisor", force=True)
        assert command.do is Do.HAND_ON
        return await self._board.transfer(
            item.org_id,
            item.id,
            item.agent_id,
            item.assignment,
            queue="",
            requirement=item.requirement,
            to_agent=command.agent_id,
        )
