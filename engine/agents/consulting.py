"""Ask a colleague without letting go: a consult is a work item of its own that ends with the one it belongs to.

Whoever takes it sees the conversation and leaves notes in it, which are the consult's thread; the customer sees none
of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.agents.destination import Destination, requirement_of
from engine.agents.outcome import required
from engine.errors import Conflict, Forbidden
from engine.model.conversation import Appended
from engine.model.organisation import Organisation, Role
from engine.model.user import Principal
from engine.model.work import Outcome, Reply, Requirement, RoutingEvent, WorkItem, WorkState


@dataclass(frozen=True, kw_only=True, slots=True)
class Consult:
    """A consult that is wanted."""

    parent: WorkItem
    who: Principal
    queue: str
    agent_id: str  # "" = whoever of the queue
    requirement: Requirement
    request: str  # the same for a repeat


class Asking(Protocol):
    """Take consults in."""

    async def ask(self, consult: Consult) -> WorkItem:
        """Commit it, then put it on the board; idempotent by ``request``. Raises Refused, Unavailable."""
        ...


class Notes(Protocol):
    """Write notes."""

    async def note_as_asked(
        self, who: Principal, interaction_id: str, *, client_id: str, body: str, consult_id: str = ""
    ) -> Appended:
        """Write an internal note; a repeated ``client_id`` is the same."""
        ...


class WorkRecord(Protocol):
    """Read work items from SQL."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...


class ConsultBoard(Protocol):
    """The router's commands that end a consult; they raise Unavailable."""

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        """End it, whoever has it."""
        ...

    async def finish_wrapup(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """End a wrap-up."""
        ...


class Recorder(Protocol):
    """Write routing events to the record."""

    async def record(self, events: Sequence[RoutingEvent]) -> object:
        """Apply ``events``; idempotent."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Consulting:
    """Let agents ask others."""

    def __init__(
        self,
        *,
        asking: Asking,
        board: ConsultBoard,
        recorder: Recorder,
        notes: Notes,
        work: WorkRecord,
        organisations: Organisations,
    ) -> None:
        self._asking = asking
        self._board = board
        self._recorder = recorder
        self._notes = notes
        self._work = work
        self._organisations = organisations

    async def ask(
        self, who: Principal, item_id: str, assignment: int, *, to: Destination, question: str, request: str
    ) -> WorkItem:
        """Ask a queue, an agent or whoever has skills; the question is the first note of the thread.

        Idempotent by ``request``. Raises NotFound, Forbidden, Conflict, InvalidInput, Refused, Unavailable.
        """
        parent = await self._work.get(who.org_id, item_id)
        if parent.agent_id != who.user_id and not who.at_least(Role.SUPERVISOR):
            raise Forbidden("The work item is with another agent.", slug=Outcome.NOT_YOURS.value)
        if parent.state is not WorkState.ACTIVE or parent.parent_id:
            raise Conflict("Only for active work can somebody be asked.", slug=Outcome.WRONG_STATE.value)
        if parent.assignment != assignment:
            raise Conflict("The assignment is no longer in force.", slug=Outcome.STALE_ASSIGNMENT.value)
        queue = to.queue or parent.queue
        requirement = requirement_of(parent, self._organisations.get(who.org_id), queue, to.skills)
        item = await self._asking.ask(
            Consult(
                parent=parent,
                who=who,
                queue=queue,
                agent_id=to.agent_id,
                requirement=requirement,
                request=f"consult\n{item_id}\n{request}",
            )
        )
        if question.strip() and parent.interaction_id:
            await self._notes.note_as_asked(
                who, parent.interaction_id, client_id=f"consult-{item.id}", body=question, consult_id=item.id
            )
        return item

    async def end(self, who: Principal, item_id: str) -> WorkItem:
        """End a consult, as who asked or who was asked; it needs no wrap-up. Idempotent. Raises NotFound, Forbidden."""
        item = await self._work.get(who.org_id, item_id)
        if not item.parent_id:
            raise Conflict("This is no consult.", slug=Outcome.WRONG_STATE.value)
        asker = (await self._work.get(who.org_id, item.parent_id)).agent_id
        if who.user_id not in (asker, item.agent_id) and not who.at_least(Role.SUPERVISOR):
            raise Forbidden("The consult is between other agents.", slug=Outcome.NOT_YOURS.value)
        if item.state is WorkState.CLOSED:
            return item
        reply = await self._board.conclude(who.org_id, item_id, "agent")
        await self._recorder.record(required(reply).events)
        item = await self._work.get(who.org_id, item_id)
        if item.state is WorkState.WRAPUP:
            reply = await self._board.finish_wrapup(who.org_id, item_id, item.agent_id, item.assignment)
            if reply.outcome is not Outcome.UNKNOWN_ITEM:  # its time was over just before
                await self._recorder.record(required(reply).events)
            item = await self._work.get(who.org_id, item_id)
        return item
