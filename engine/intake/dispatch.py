"""Take in work of any kind from other systems: check, commit as pending, enqueue; change it; take it back.

Two writes and no gap, as for customers: what a crash, or an absent board, leaves pending the sweep puts on the board.
What the board will not have (a full or closed queue) is closed in the record as refused, and its maker told.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from engine.clock import Clock
from engine.errors import Conflict, CordboardError, InvalidInput, NotFound, Refused, Unavailable
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.intake.contract import Organisations, Recorder
from engine.intake.wanted import Wanted, check_skills, item_from, planned
from engine.model.record import Added, NewWork
from engine.model.work import Outcome, Reply, Requirement, WorkItem, WorkState
from engine.skills.requirement import requirement_after

log = structlog.get_logger(__name__)

PART = 200
"""Items per transaction, and per call of the board."""
CANCELLED = "cancelled"

_NO_PLACE = Reply(outcome=Outcome.REFUSED)
_BOARD_AWAY = frozenset({Outcome.NO_BOARD, Outcome.STALE_EPOCH, Outcome.WRONG_LAYOUT})
_FIELDS: Mapping[str, str] = {
    "unknown-case": "case_id",
    "unknown-contact": "contact_id",
    "unknown-parent": "parent_id",
    "unknown-user": "preferred_agent",
    "reference-taken": "reference",
}
_SLUGS: Mapping[str, str] = {"unknown-parent": "unknown-item"}


class WorkRecord(Protocol):
    """Keep work items."""

    async def add(self, org_id: str, new: Sequence[NewWork]) -> Sequence[Added]:
        """Keep pending items, each once."""
        ...

    async def get(self, org_id: str, item_id: str) -> WorkItem:
        """Return a work item; raise NotFound."""
        ...

    async def refuse(self, org_id: str, whys: Mapping[str, str], *, now_ms: int) -> int:
        """Close pending items that the board will not have."""
        ...


class WorkBoard(Protocol):
    """The board as far as other systems' work needs it; every method raises Unavailable."""

    async def enqueue_many(self, org_id: str, items: Sequence[WorkItem]) -> Sequence[Reply]:
        """Put items on the board, some hundred at most; idempotent by id. One reply each."""
        ...

    async def refuse(self, org_id: str, answers: Mapping[str, Reply]) -> set[str]:
        """Turn items away before the record closes them; return which, the others are on the board."""
        ...

    async def conclude(self, org_id: str, item_id: str, reason: str) -> Reply:
        """Take an item off; work that an agent holds ends."""
        ...

    async def change(self, org_id: str, item_id: str, changes: Mapping[str, object]) -> Reply:
        """Change what an item asks for: priority, due, skills, preferred, queue, preferred_agent, required."""
        ...

    async def resume(self, org_id: str, item_id: str) -> Reply:
        """Let a parked item wait for an agent again."""
        ...

    async def set_queue(self, org_id: str, queue: str, *, mode: str) -> Reply:
        """Open, pause or drain a queue."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenIn:
    """What became of one work item that was handed in."""

    item: WorkItem | None = None
    repeated: bool = False  # the same request had made it before
    error: CordboardError | None = None  # and then nothing is kept, or what was kept is closed


class Dispatch:
    """Take work in, change it and take it back."""

    def __init__(
        self,
        *,
        record: WorkRecord,
        board: WorkBoard,
        recorder: Recorder,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._record = record
        self._board = board
        self._recorder = recorder
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def add(self, org_id: str, wanted: Wanted, *, request: str = "") -> TakenIn:
        """Take one item in; idempotent by ``request``, which names who asks and the key he chose.

        A board that is away is no error: the item stays pending and is swept in later. Raises InvalidInput naming the
        field, Conflict (``reference-taken``, with ``item_id``), Refused (the item is kept, closed).
        """
        (taken,) = await self.add_many(org_id, [wanted], request=request)
        if taken.error is not None:
            raise taken.error
        assert taken.item is not None
        return TakenIn(item=await self._record.get(org_id, taken.item.id), repeated=taken.repeated)

    async def add_many(
        self, org_id: str, wanted: Sequence[Wanted | CordboardError], *, request: str = ""
    ) -> list[TakenIn]:
        """Take many in; what is wrong with one, or was before, holds up none of the others. Idempotent as ``add``.

        Raises NotFound (organisation) and Unavailable: then some may have been kept, and a repeat goes on from there.
        Safe to cancel: what is committed is put on the board by the sweep.
        """
        answers: list[TakenIn] = []
        for start in range(0, len(wanted), PART):
            answers += await self._keep(org_id, wanted[start : start + PART], request=request, first=start)
        failpoint("intake.after-commit")
        for start in range(0, len(answers), PART):
            answers[start : start + PART] = await self._enqueue(org_id, answers[start : start + PART])
        return answers

    async def _keep(
        self, org_id: str, wanted: Sequence[Wanted | CordboardError], *, request: str, first: int
    ) -> list[TakenIn]:
        """Check and commit a part, giving way to others after."""
        checked = [self._checked(org_id, one, request, first + place) for place, one in enumerate(wanted)]
        added = iter(await self._record.add(org_id, [one for one in checked if isinstance(one, NewWork)]))
        await asyncio.sleep(0)
        return [TakenIn(error=one) if isinstance(one, CordboardError) else _taken(next(added)) for one in checked]

    def _checked(
        self, org_id: str, wanted: Wanted | CordboardError, request: str, place: int
    ) -> NewWork | CordboardError:
        if isinstance(wanted, CordboardError):
            return wanted
        organisation = self._organisations.get(org_id)
        try:
            plan = planned(organisation, wanted)
        except InvalidInput as error:
            return error
        item = item_from(wanted, plan, org_id=org_id, item_id=self._new_id(), now_ms=self._clock.now_ms())
        return NewWork(item=item, rules=plan.rules, request_key=_request_key(request, place, wanted))

    def prepared(self, org_id: str, wanted: Wanted) -> NewWork:
        """Return a checked item for whoever commits it with something of his own. Raises InvalidInput, NotFound."""
        checked = self._checked(org_id, wanted, "", 0)
        if isinstance(checked, CordboardError):
            raise checked
        return checked

    async def place(self, item: WorkItem) -> None:
        """Put a committed item on the board; what is left pending the sweep does. Idempotent."""
        await self._enqueue(item.org_id, [TakenIn(item=item)])

    async def _enqueue(self, org_id: str, taken: Sequence[TakenIn]) -> list[TakenIn]:
        """Put a part on the board; what it will not have is closed."""
        pending = [one.item for one in taken if one.item is not None and one.item.state is WorkState.PENDING]
        replies = await self._replies(org_id, pending) if pending else {}
        unplaced = {
            item_id: reply for item_id, reply in replies.items() if not reply.ok and reply.outcome not in _BOARD_AWAY
        }
        refused = await self._refuse(org_id, unplaced) if unplaced else {}
        if len(taken) == 1:  # its maker is told at once how it stands; of many, the projector writes it down
            await self._recorder.record([event for reply in replies.values() for event in reply.events])
        return [
            TakenIn(item=one.item, error=_refusal(refused[one.item.id], one.item))
            if one.item is not None and one.item.id in refused
            else one
            for one in taken
        ]

    async def _replies(self, org_id: str, items: Sequence[WorkItem]) -> dict[str, Reply]:
        try:
            replies = await self._board.enqueue_many(org_id, items)
        except CordboardError as error:
            log.warning("left pending for the sweep", org=org_id, items=len(items), why=str(error))
            return {}
        return {item.id: reply for item, reply in zip(items, replies, strict=True)}

    async def _refuse(self, org_id: str, answers: Mapping[str, Reply], outcome: str = "") -> Mapping[str, str]:
        """Close items that the board will not have, on the board first; return why, without those it has after all.

        A process that found an item pending may be about to enqueue it: only the board can say who was first. What a
        crash leaves turned away and pending the sweep closes.
        """
        failpoint("refusal.before-board")
        try:
            turned_away = await self._board.refuse(org_id, answers)
        except Unavailable as error:
            log.warning("left pending for the sweep", org=org_id, items=len(answers), why=str(error))
            return {}
        failpoint("refusal.after-board")
        whys = {item_id: answers[item_id].outcome.value for item_id in answers if item_id in turned_away}
        if whys:
            kept = {item_id: outcome or why for item_id, why in whys.items()}
            await self._record.refuse(org_id, kept, now_ms=self._clock.now_ms())
        return whys

    async def change(self, org_id: str, item_id: str, changes: Mapping[str, object]) -> WorkItem:
        """Change what an item asks for, while it waits; keys as ``WorkBoard.change``. Idempotent.

        Raises NotFound, InvalidInput naming the field, Refused, Unavailable.
        """
        item = await self._record.get(org_id, item_id)
        asked = self._asked(org_id, item, changes)
        reply = await self._on_board(item, lambda: self._board.change(org_id, item_id, asked))
        await self._require(reply)
        return await self._record.get(org_id, item_id)

    def _asked(self, org_id: str, item: WorkItem, changes: Mapping[str, object]) -> Mapping[str, object]:
        """Return the changes checked; a queue that is changed brings its own skills along."""
        organisation = self._organisations.get(org_id)
        queue, skills = changes.get("queue"), changes.get("skills")
        if queue is not None and queue not in organisation.queues:
            raise InvalidInput("There is no such queue.", slug="unknown-queue", field="queue")
        for name, shown in (("skills", "skills"), ("preferred", "preferred_skills")):
            wanted = changes.get(name)
            if isinstance(wanted, Mapping):
                check_skills(organisation, wanted, shown)
        if "required" in changes:  # it belongs to the agent, who may stay the same
            changes = {"preferred_agent": item.preferred_agent, **changes}
        if not isinstance(queue, str) or queue == item.queue:
            return changes
        if isinstance(skills, Mapping):
            requirement = Requirement(skills=_joined(organisation.queues[queue].skills, skills))
        else:
            requirement = requirement_after(item, organisation, queue)
        return {**changes, "skills": dict(requirement.skills)}

    async def cancel(self, org_id: str, item_id: str) -> WorkItem:
        """Take an item back: what waits is closed as cancelled, what an agent holds ends. Idempotent.

        Raises NotFound, Refused, Unavailable.
        """
        item = await self._record.get(org_id, item_id)
        if item.state in (WorkState.CLOSED, WorkState.WRAPUP):
            return item
        reply = await self._on_board(item, lambda: self._board.conclude(org_id, item_id, CANCELLED))
        if reply is None and not await self._refuse(org_id, {item_id: _NO_PLACE}, CANCELLED):
            reply = await self._board.conclude(org_id, item_id, CANCELLED)  # another process put it there
        if reply is not None:
            await self._require(reply)
        return await self._record.get(org_id, item_id)

    async def resume(self, org_id: str, item_id: str) -> WorkItem:
        """Let a parked item wait again, for its last agent first. Raises NotFound, Refused, Unavailable."""
        await self._record.get(org_id, item_id)
        await self._require(await self._board.resume(org_id, item_id))
        return await self._record.get(org_id, item_id)

    async def set_queue(self, org_id: str, queue: str, mode: str) -> None:
        """Open (``open``), pause (``paused``) or drain (``draining``) a queue. Idempotent.

        Raises NotFound, Refused, Unavailable.
        """
        if queue not in self._organisations.get(org_id).queues:
            raise NotFound("There is no such queue.")
        await self._require(await self._board.set_queue(org_id, queue, mode=mode))

    async def _on_board(self, item: WorkItem, command: Command) -> Reply | None:
        """Run a command on an item, which is put on the board first if it is pending; None: the board refused it."""
        reply = await command()
        if reply.outcome is not Outcome.UNKNOWN_ITEM or item.state is not WorkState.PENDING:
            return reply
        (entered,) = await self._board.enqueue_many(item.org_id, [item])
        if entered.outcome in _BOARD_AWAY:
            return entered
        if not entered.ok:
            return None
        await self._recorder.record(entered.events)
        return await command()

    async def _require(self, reply: Reply | None) -> None:
        if reply is None:
            raise Refused("The board has not taken this work in yet.", slug=Outcome.WRONG_STATE.value)
        if reply.outcome in _BOARD_AWAY:
            raise Unavailable("The board is being restored.", slug=reply.outcome.value)
        if not reply.ok:
            raise Refused(_SENTENCES.get(reply.outcome, "The router refused."), slug=reply.outcome.value)
        await self._recorder.record(reply.events)


class Command(Protocol):
    """A command that is ready to be run."""

    async def __call__(self) -> Reply:
        """Run it."""
        ...


_SENTENCES: Mapping[Outcome, str] = {
    Outcome.WRONG_STATE: "The work item is not in the state that this needs.",
    Outcome.QUEUE_FULL: "The queue takes no more work now.",
    Outcome.QUEUE_CLOSED: "The queue is closed.",
    Outcome.TOO_MANY_SIGNATURES: "There are too many different requirements at once.",
}


def _joined(queue: Mapping[str, int], own: Mapping[str, int]) -> dict[str, int]:
    return {skill: max(queue.get(skill, 0), own.get(skill, 0)) for skill in (*queue, *own)}


def _taken(added: Added) -> TakenIn:
    if not added.fault:
        return TakenIn(item=added.item, repeated=added.repeated)
    field = _FIELDS[added.fault]
    if added.fault == "reference-taken":
        taken = Conflict(
            "A work item with this reference is there already.",
            slug=added.fault,
            field=field,
            item_id=added.item.id,
        )
        return TakenIn(error=taken)
    slug = _SLUGS.get(added.fault, added.fault)
    return TakenIn(error=InvalidInput(f"What {field} names is not there.", slug=slug, field=field))


def _refusal(why: str, item: WorkItem) -> Refused:
    sentence = _SENTENCES.get(Outcome(why), "The router refused this work.")
    return Refused(sentence, slug=why, item_id=item.id, queue=item.queue)


def _request_key(request: str, place: int, wanted: Wanted) -> str:
    """Return what tells a request's item from all others: who asks, his key, the place and what is wanted."""
    if not request:
        return ""
    digest = hashlib.sha256(f"{request}\n{place}\n".encode())
    digest.update(msgspec.json.encode(wanted))
    return digest.hexdigest()
