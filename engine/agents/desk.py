"""The commands of a signed-in agent.

A command changes the board first (the only judge of who holds what), then writes the events it
caused to SQL, then answers. A crash in between loses nothing: the events are on the stream, and the
projector writes them later with the same function. A repeated command answers as the first did, once
its effect is in SQL; what an agent was told is always committed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from engine.agents.client_ids import check_client_id, transfer_note_id
from engine.agents.destination import Destination, requirement_of
from engine.agents.ledger import Ledger
from engine.agents.outcome import required
from engine.agents.settling import Settling
from engine.clock import Clock
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.failpoints import failpoint
from engine.model.board import AgentView, HeldItem
from engine.model.call import VOICE
from engine.model.conversation import Appended, Author, Draft, EntryKind
from engine.model.mail_channel import MAIL_KIND
from engine.model.organisation import Organisation, Role, StatusKind
from engine.model.record import Applied
from engine.model.user import Principal
from engine.model.work import Outcome, Reply, Requirement, RoutingEvent, WorkItem, WorkState

MAX_BODY_BYTES = 16_384
"""Longest message or note of an agent, UTF-8."""
HOLDING = frozenset({WorkState.ACTIVE, WorkState.WRAPUP})


class OfferBoard(Protocol):
    """The router's commands on one work item."""

    async def accept(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """Turn the offer into an assignment."""
        ...

    async def decline(self, org_id: str, item_id: str, agent_id: str, assignment: int, reason: str) -> Reply:
        """Give the offer back."""
        ...

    async def end(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """End the contact; wrap-up begins."""
        ...

    async def finish_wrapup(self, org_id: str, item_id: str, agent_id: str, assignment: int) -> Reply:
        """End the wrap-up; the item is closed."""
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
        to_agent: str,
    ) -> Reply:
        """Put the item back into a queue, held for ``to_agent`` if one is named."""
        ...


class StatusBoard(Protocol):
    """The router's commands on one agent."""

    async def set_status(self, org_id: str, agent_id: str, status: str) -> Reply:
        """Change the presence status."""
        ...

    async def sign_out(self, org_id: str, agent_id: str, open_work: str) -> Reply:
        """Go offline; ``open_work`` is ``requeue`` or ``end``."""
        ...

    async def agent_view(self, org_id: str, agent_id: str) -> AgentView:
        """Return what the board knows of the agent."""
        ...

    async def events(self, org_id: str, after_stream_id: str, block_ms: int) -> Sequence[RoutingEvent]:
        """Return events after an id, waiting up to ``block_ms`` for one."""
        ...


class Recorder(Protocol):
    """Write routing events to the record and tell who shows them."""

    async def record(self, events: Sequence[RoutingEvent]) -> Sequence[Applied]:
        """Apply ``events``; idempotent."""
        ...


class Scribe(Protocol):
    """Write into transcripts."""

    async def append(self, org_id: str, interaction_id: str, draft: Draft) -> Appended:
        """Commit an entry and fan it out; a repeated ``client_id`` is the same entry."""
        ...


class WorkRecord(Protocol):
    """Read and complete work items in SQL."""

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...

    async def for_interaction(self, org_id: str, interaction_id: str) -> WorkItem | None:
        """Return the interaction's open work item."""
        ...

    async def set_disposition(self, org_id: str, item_id: str, *, disposition: str, note: str, now_ms: int) -> None:
        """Keep the outcome of the contact. Idempotent."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


class Desk:
    """Carry out what an agent asks for. Every method is idempotent and safe to cancel."""

    def __init__(
        self,
        *,
        offers: OfferBoard,
        statuses: StatusBoard,
        recorder: Recorder,
        transcript: Scribe,
        work: WorkRecord,
        organisations: Organisations,
        clock: Clock,
        ledger: Ledger | None = None,
    ) -> None:
        self._offers = offers
        self._statuses = statuses
        self._recorder = recorder
        self._transcript = transcript
        self._work = work
        self._organisations = organisations
        self._clock = clock
        self._ledger = ledger or Ledger()
        self._settling = Settling(recorder=recorder, work=work, stream=statuses, clock=clock)

    async def accept(self, who: Principal, item_id: str, assignment: int) -> WorkItem:
        """Accept an offer; the assignment is in SQL when this returns. Raises Refused."""
        failpoint("offer.before-accept")
        reply = required(await self._offers.accept(who.org_id, item_id, who.user_id, assignment))
        failpoint("offer.after-accept")
        item = await self._settling.record(
            reply, who.org_id, item_id, lambda item: item.assignment > assignment or item.state in HOLDING
        )
        failpoint("offer.after-record")
        return item

    async def decline(self, who: Principal, item_id: str, assignment: int, reason: str = "") -> None:
        """Decline an offer, for one of the reasons that are configured, where there are any.

        Raises InvalidInput, Refused.
        """
        known = dict(self._organisations.get(who.org_id).decline_reasons)
        if reason and known and reason not in known:
            raise InvalidInput(
                "There is no such reason.", field="reason", mend=f"There are: {', '.join(sorted(known))}."
            )
        reply = required(await self._offers.decline(who.org_id, item_id, who.user_id, assignment, reason))
        await self._recorder.record(reply.events)

    async def end(self, who: Principal, item_id: str, assignment: int) -> WorkItem:
        """End the contact; wrap-up begins where the queue has one. Raises Refused."""
        reply = await self._as_holder(
            who, item_id, lambda agent_id: self._offers.end(who.org_id, item_id, agent_id, assignment)
        )
        failpoint("end.after-board")
        return await self._settling.record(
            reply,
            who.org_id,
            item_id,
            lambda item: item.state in (WorkState.WRAPUP, WorkState.CLOSED),
        )

    async def finish_wrapup(
        self, who: Principal, item_id: str, assignment: int, *, disposition: str, note: str = ""
    ) -> WorkItem:
        """Keep the disposition, then end the wrap-up; also when its time was over just before.

        Raises InvalidInput on an unknown disposition, Forbidden, Refused.
        """
        known = dict(self._organisations.get(who.org_id).dispositions)
        if disposition and disposition not in known:
            raise InvalidInput("There is no such disposition.", slug="unknown-disposition", field="disposition")
        _check_size(note)
        ended = (WorkState.WRAPUP, WorkState.CLOSED)
        item = await self._settling.settled(who.org_id, item_id, lambda item: item.state in ended)
        if known and not disposition and not item.parent_id:  # a consult has no outcome of its own
            raise InvalidInput("Say how it went.", slug="unknown-disposition", field="disposition")
        if item.agent_id != who.user_id and not who.at_least(Role.SUPERVISOR):
            raise Forbidden("The work item is with another agent.", slug=Outcome.NOT_YOURS.value)
        if item.state not in ended:
            raise Conflict("The contact has not ended yet.", slug=Outcome.WRONG_STATE.value)
        if item.assignment != assignment:
            raise Conflict("The assignment is no longer in force.", slug=Outcome.STALE_ASSIGNMENT.value)
        await self._work.set_disposition(
            who.org_id, item_id, disposition=disposition, note=note, now_ms=self._clock.now_ms()
        )
        if item.state is WorkState.CLOSED:
            return item
        reply = await self._offers.finish_wrapup(who.org_id, item_id, item.agent_id, assignment)
        failpoint("wrapup.after-board")
        if reply.outcome is not Outcome.UNKNOWN_ITEM:  # the timer was faster, its tombstone already gone
            required(reply)
        return await self._settling.record(reply, who.org_id, item_id, lambda item: item.state is WorkState.CLOSED)

    async def transfer(
        self, who: Principal, item_id: str, assignment: int, *, to: Destination, note: str = ""
    ) -> WorkItem:
        """Hand the conversation on, with a note for whoever takes it; who has it lets go only when it is taken in.

        Raises InvalidInput, Refused (``queue-full``, ``queue-closed`` and the rest: nothing has changed then).
        """
        organisation = self._organisations.get(who.org_id)
        item = await self._work.get(who.org_id, item_id)
        queue = to.queue or item.queue
        requirement = requirement_of(item, organisation, queue, to.skills)
        if note:
            await self._leave_note(who, item, note, client_id=transfer_note_id(item_id, assignment))
        reply = await self._as_holder(
            who,
            item_id,
            lambda agent_id: self._offers.transfer(
                who.org_id,
                item_id,
                agent_id,
                assignment,
                queue=queue,
                requirement=requirement,
                to_agent=to.agent_id,
            ),
        )
        failpoint("transfer.after-board")
        return await self._settling.record(
            reply,
            who.org_id,
            item_id,
            lambda item: item.assignment != assignment or item.state not in HOLDING,
        )

    async def say(self, who: Principal, interaction_id: str, *, client_id: str, body: str) -> Appended:
        """Write to the visitor; the holder only.

        Raises NotFound, Forbidden, Conflict (``interaction-closed``; ``on-the-telephone``, ``write-mail``: what is said
        there would be sent to nobody).
        """
        # Where no work is open the conversation is over: the record then refuses everything but a repeat.
        await self._check_holder(who, interaction_id, over_is_wrong=False, says=True)
        return await self.say_as_holder(who, interaction_id, client_id=client_id, body=body)

    async def say_as_holder(self, who: Principal, interaction_id: str, *, client_id: str, body: str) -> Appended:
        """Write to the visitor; the caller has just seen on the board that ``who`` holds the conversation."""
        check_client_id(client_id)
        return await self._append(who, interaction_id, EntryKind.MESSAGE, client_id, body)

    async def note(
        self, who: Principal, interaction_id: str, *, client_id: str, body: str, consult_id: str = ""
    ) -> Appended:
        """Write an internal note; the holder and supervisors, also after the end. Raises Forbidden."""
        if not who.at_least(Role.SUPERVISOR):
            await self._check_holder(who, interaction_id)
        return await self.note_as_asked(who, interaction_id, client_id=client_id, body=body, consult_id=consult_id)

    async def note_as_asked(
        self, who: Principal, interaction_id: str, *, client_id: str, body: str, consult_id: str = ""
    ) -> Appended:
        """Write a note; the caller has just seen that ``who`` was asked about the conversation, or may otherwise.

        ``consult_id`` is the consult whose thread it belongs to.
        """
        check_client_id(client_id)
        data = {"consult_id": consult_id} if consult_id else {}
        return await self._append(who, interaction_id, EntryKind.NOTE, client_id, body, data=data)

    async def set_status(self, who: Principal, status: str) -> None:
        """Change the presence status; an offline one signs out, and asks about open work."""
        known = self._organisations.get(who.org_id).statuses.get(status)
        if known is None:
            raise InvalidInput("There is no such presence status.", slug="unknown-status", field="status")
        if known.kind is StatusKind.OFFLINE:
            await self._refuse_open_work(who)
        reply = required(await self._statuses.set_status(who.org_id, who.user_id, status))
        await self._recorder.record(reply.events)

    async def sign_out(self, who: Principal, open_work: str | None) -> None:
        """Go offline; ``open_work`` says what becomes of held conversations: ``requeue`` or ``end``.

        Raises Conflict(open-work) with ``items`` when there are any and nothing was said.
        """
        if open_work is None:
            await self._refuse_open_work(who)
        reply = required(await self._statuses.sign_out(who.org_id, who.user_id, open_work or "requeue"))
        await self._recorder.record(reply.events)

    async def _refuse_open_work(self, who: Principal) -> None:
        view = await self._statuses.agent_view(who.org_id, who.user_id)
        if open_now := [one for one in view.items if one.state in HOLDING]:
            raise Conflict(
                "There is open work.",
                slug="open-work",
                mend="Say what becomes of it: requeue or end.",
                items=[
                    {"item_id": one.item_id, "interaction_id": one.interaction_id, "state": one.state.value}
                    for one in open_now
                ],
            )

    async def recorded(self, org_id: str, held: HeldItem) -> None:
        """Return once the record shows what the board says of a held item, or was brought to show it.

        So nothing is shown to an agent that a crash could take back. Raises NotFound, Unavailable.
        """
        if self._ledger.shows(org_id, held) or await self._ledger.shows_soon(org_id, held):
            return
        shown = (WorkState.WRAPUP, WorkState.CLOSED) if held.state is WorkState.WRAPUP else (*HOLDING, WorkState.CLOSED)

        def settled(item: WorkItem) -> bool:
            if held.state is WorkState.PARKED:
                return item.state not in HOLDING
            return item.assignment > held.assignment or (item.assignment == held.assignment and item.state in shown)

        await self._settling.settled(org_id, held.item_id, settled)

    async def _as_holder(self, who: Principal, item_id: str, command: Callable[[str], Awaitable[Reply]]) -> Reply:
        """Run ``command`` as the caller; a supervisor's runs as the agent who holds the item."""
        reply = await command(who.user_id)
        not_his = reply.outcome in (Outcome.NOT_YOURS, Outcome.UNKNOWN_AGENT)  # the latter: no agent at all
        if not_his and who.at_least(Role.SUPERVISOR):
            holder = (await self._work.get(who.org_id, item_id)).agent_id
            reply = await command(holder) if holder else reply
        return required(reply)

    async def _check_holder(
        self, who: Principal, interaction_id: str, *, over_is_wrong: bool = True, says: bool = False
    ) -> None:
        item = await self._work.for_interaction(who.org_id, interaction_id)
        if item is None:
            if over_is_wrong:
                raise Conflict("The conversation is over.", slug="interaction-closed")
            return
        if says and item.kind == MAIL_KIND:
            raise Conflict("A customer who writes e-mail is answered by e-mail.", slug="write-mail")
        if says and item.kind == VOICE:
            raise Conflict("The customer is on the telephone. Notes can be left.", slug="on-the-telephone")
        if item.agent_id != who.user_id or item.state not in HOLDING:
            raise Forbidden("The conversation is not with you.", slug=Outcome.NOT_YOURS.value)

    async def _leave_note(self, who: Principal, item: WorkItem, note: str, *, client_id: str) -> None:
        if item.agent_id == who.user_id or who.at_least(Role.SUPERVISOR):
            await self._append(who, item.interaction_id, EntryKind.NOTE, client_id, note)

    async def _append(
        self,
        who: Principal,
        interaction_id: str,
        kind: EntryKind,
        client_id: str,
        body: str,
        *,
        data: Mapping[str, object] | None = None,
    ) -> Appended:
        if not body.strip():
            raise InvalidInput("the text is empty", field="body")
        _check_size(body)
        body = body.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL keeps no NUL
        draft = Draft(
            kind=kind,
            author=Author.AGENT,
            author_id=who.user_id,
            author_name=who.name,
            client_id=client_id,
            body=body,
            data=data or {},
        )
        return await self._transcript.append(who.org_id, interaction_id, draft)


def _check_size(body: str) -> None:
    if len(body.encode("utf-8", "surrogatepass")) > MAX_BODY_BYTES:
        raise InvalidInput(f"the text has at most {MAX_BODY_BYTES} bytes", slug="too-large", field="body")
