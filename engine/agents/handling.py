"""What is done with work beside taking and ending it: pick, assign, park, let the wrap-up go on.

As at the desk, the board changes first and is the only judge; what a caller is told is in SQL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from engine.agents.outcome import required
from engine.agents.settling import Settling
from engine.errors import InvalidInput
from engine.model.conversation import Interaction
from engine.model.organisation import Role
from engine.model.user import Principal
from engine.model.work import Outcome, Reply, WorkItem, WorkState

AGENT, SUPERVISOR = "agent", "supervisor"
_HELD = frozenset({WorkState.ACTIVE, WorkState.WRAPUP})


class HandlingBoard(Protocol):
    """The router's commands on one work item; every method raises Unavailable."""

    async def pick(self, org_id: str, item_id: str, agent_id: str, *, by: str, force: bool) -> Reply:
        """Put a waiting item with an agent; ``force``: beyond his room."""
        ...

    async def park(
        self, org_id: str, item_id: str, agent_id: str, assignment: int, why: str, *, seen_seq: int | None
    ) -> Reply:
        """Let active work wait on the customer; ``seen_seq``: the last line of the transcript that is known."""
        ...

    async def extend_wrapup(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """Give a wrap-up more time."""
        ...


class WorkRecord(Protocol):
    """Read work items from SQL."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...


class Conversations(Protocol):
    """Read conversations from SQL."""

    async def get(self, org_id: str, interaction_id: str) -> Interaction:
        """Return a conversation; raise NotFound."""
        ...


class Handling:
    """Carry out what agents, supervisors and systems ask for. Every method is idempotent and safe to cancel."""

    def __init__(
        self, *, board: HandlingBoard, work: WorkRecord, conversations: Conversations, settling: Settling
    ) -> None:
        self._board = board
        self._work = work
        self._conversations = conversations
        self._settling = settling

    async def pick(self, who: Principal, item_id: str) -> WorkItem:
        """Take a waiting item out of turn. Raises NotFound, Refused."""
        if not who.user_id:
            raise InvalidInput("This token speaks for no agent; assign the work to one.", slug="unknown-agent")
        return await self._put(who, item_id, who.user_id, by=AGENT, force=False)

    async def assign(self, who: Principal, item_id: str, agent_id: str, *, force: bool) -> WorkItem:
        """Put a waiting item with an agent, as a supervisor; ``force``: beyond his room. Raises NotFound, Refused."""
        return await self._put(who, item_id, agent_id, by=SUPERVISOR, force=force)

    async def _put(self, who: Principal, item_id: str, agent_id: str, *, by: str, force: bool) -> WorkItem:
        await self._work.get(who.org_id, item_id)
        reply = required(await self._board.pick(who.org_id, item_id, agent_id, by=by, force=force))
        return await self._settling.record(
            reply, who.org_id, item_id, lambda item: item.agent_id == agent_id and item.state in _HELD
        )

    async def park(
        self, who: Principal, item_id: str, assignment: int, why: str, *, seen_seq: int | None = None
    ) -> WorkItem:
        """Let work wait on the customer; it holds no room meanwhile. Raises NotFound, Refused.

        What the customer writes behind line ``seen_seq`` of the transcript resumes it; None: all that there is by now
        has been seen.
        """
        seen_seq = await self._seen(who.org_id, item_id, seen_seq)  # before the board: nothing is missed in between

        async def put_aside(agent_id: str) -> Reply:
            return await self._board.park(who.org_id, item_id, agent_id, assignment, why, seen_seq=seen_seq)

        reply = await self._as_holder(who, item_id, put_aside)
        return await self._settling.record(
            reply, who.org_id, item_id, lambda item: item.assignment != assignment or item.state not in _HELD
        )

    async def _seen(self, org_id: str, item_id: str, seen_seq: int | None) -> int | None:
        item = await self._work.get(org_id, item_id)
        if not item.interaction_id:
            return None
        last_seq = (await self._conversations.get(org_id, item.interaction_id)).last_seq
        return last_seq if seen_seq is None else min(seen_seq, last_seq)

    async def extend_wrapup(self, who: Principal, item_id: str, assignment: int) -> WorkItem:
        """Give the wrap-up more time, as often as the queue allows. Raises NotFound, Refused."""
        reply = await self._as_holder(
            who, item_id, lambda agent_id: self._board.extend_wrapup(who.org_id, item_id, agent_id, assignment)
        )
        return await self._settling.record(reply, who.org_id, item_id, lambda _: True)

    async def _as_holder(self, who: Principal, item_id: str, command: Callable[[str], Awaitable[Reply]]) -> Reply:
        """Run ``command`` as the caller; a supervisor's runs as the agent who holds the item."""
        item = await self._work.get(who.org_id, item_id)
        acts_for_any = who.at_least(Role.SUPERVISOR) and item.agent_id not in ("", who.user_id)
        reply = await command(item.agent_id if acts_for_any else who.user_id)
        if reply.outcome is Outcome.NOT_YOURS and who.at_least(Role.SUPERVISOR):  # handed on meanwhile
            reply = await command((await self._work.get(who.org_id, item_id)).agent_id)
        return required(reply)
