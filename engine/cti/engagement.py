"""One capacity: the board is told that an agent's telephone rings, that he talks, and that he does no more.

The work of a call is pending in the record, with its agent, from the transaction that took the report that he
answered; then it is put with him on the board, whatever room he has: an outside fact. When he is out of the call its
wrap-up begins. What a crash left between the two, the role does. Putting comes before ending even where both are due:
the board remembers what it ended, so that a late repeat of the putting opens nothing. What rings is a mark that ends by
itself; when it is answered, the work is put before the mark is taken off.
"""

from __future__ import annotations

import structlog

from engine.clock import Clock
from engine.cti.contract import Board, CallRecord, Recorder, WorkRecord
from engine.errors import CordboardError, NotFound, Unavailable
from engine.failpoints import failpoint
from engine.model.call import Call, CallChange, Leg, LegState
from engine.model.work import Outcome, Reply, WorkItem, WorkState

log = structlog.get_logger(__name__)

HANG_UP = "hangup"
EVERY_S = 1.0
AGE_MS = 2_000
LIMIT = 200
TRIES = 5
_AWAY = frozenset({Outcome.NO_BOARD, Outcome.STALE_EPOCH, Outcome.WRONG_LAYOUT})


class Engagement:
    """Tell the board who is on the telephone; as a role, what was left untold."""

    name = "calls"

    def __init__(self, *, calls: CallRecord, work: WorkRecord, board: Board, recorder: Recorder, clock: Clock) -> None:
        self._calls = calls
        self._work = work
        self._board = board
        self._recorder = recorder
        self._clock = clock

    async def follow(self, change: CallChange) -> None:
        """Tell the board of a change. Idempotent; raises Unavailable, and then the role does it."""
        if change.owed:
            await self.settle(change.call)

    async def step(self) -> float:
        """Tell the board what it was not told for some seconds; return the seconds to the next look."""
        until_ms = self._clock.now_ms() - AGE_MS
        away: set[str] = set()
        last: Call | None = None
        while owed := await self._calls.owed(until_ms=until_ms, limit=LIMIT, after=last, without=away):
            for call in owed:
                await self._settle_late(call, away)
            last = owed[-1]
            if len(owed) < LIMIT:
                break
        return EVERY_S

    async def _settle_late(self, call: Call, away: set[str]) -> None:
        """Tell the board of a call, unless its organisation's is among those that are away."""
        if call.org_id in away:
            return
        try:
            await self.settle(call)
        except Unavailable as error:
            away.add(call.org_id)
            log.warning("the board is not told of calls", org=call.org_id, why=str(error))
        except CordboardError as error:  # of this call, not of those behind it
            log.warning("the board is not told of a call", org=call.org_id, call=call.id, why=str(error))

    async def settle(self, call: Call) -> None:
        """Let the board know what the record knows of a call, until both agree. Idempotent; raises Unavailable."""
        for _ in range(TRIES):
            failpoint("call.before-board")
            for leg in call.picture.legs:
                if leg.leg_id in call.items:
                    await self._engage(call, leg, call.items[leg.leg_id])
            await self._ring(call)
            if await self._calls.settled(call):
                return
            call = await self._calls.get(call.org_id, call.id)  # more was reported meanwhile

    async def _engage(self, call: Call, leg: Leg, item_id: str) -> None:
        try:
            item = await self._work.get(call.org_id, item_id)
        except NotFound:
            return
        if item.state is WorkState.CLOSED:
            return
        if item.state is WorkState.PENDING and not await self._put(item, leg.agent_id):
            return
        if leg.state is LegState.LEFT:
            await self._done(await self._board.conclude(call.org_id, item_id, HANG_UP), call)

    async def _ring(self, call: Call) -> None:
        """Keep agents whose telephones ring from other work, and let go of those whose do no more."""
        for ring in call.rings:
            await self._done(await self._board.ring(call.org_id, ring.agent_id, ring.leg, ring.until_ms), call)
        for leg in call.picture.legs:
            rang = leg.rang_ms or not leg.answered_ms  # a late report may have made nothing of its ringing
            if leg.agent_id and rang and not leg.rings:
                await self._done(await self._board.unring(call.org_id, leg.agent_id, call.ring_name(leg)), call)

    async def _put(self, item: WorkItem, agent_id: str) -> bool:
        """Put work with its agent; say whether the board has it. What it will not have is closed."""
        reply = await self._board.assign(item, agent_id)
        if not reply.ok and reply.outcome not in _AWAY:
            log.warning("a call holds no capacity", org=item.org_id, item=item.id, why=reply.outcome.value)
            await self._work.refuse(item.org_id, {item.id: reply.outcome.value}, now_ms=self._clock.now_ms())
            return False
        if reply.outcome in _AWAY:
            raise Unavailable("The routing board is being rebuilt.", slug="board-rebuilding")
        await self._recorder.record(reply.events)
        return True

    async def _done(self, reply: Reply, call: Call) -> None:
        if reply.outcome in _AWAY:
            raise Unavailable("The routing board is being rebuilt.", slug="board-rebuilding")
        if not reply.ok:
            log.warning("the board will not have a call", org=call.org_id, call=call.id, why=reply.outcome.value)
        await self._recorder.record(reply.events)
