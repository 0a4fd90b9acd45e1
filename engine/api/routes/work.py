"""Work of any kind from any system: hand in, change, take back, place."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import Depends
from pydantic import ValidationError
from starlette.requests import Request

from engine.api.access import Agent, Parts, WorkHolder, WorkWriter, caller_of
from engine.api.idempotency import HEADER, actor_of
from engine.api.operation import Operation
from engine.api.problem import field_of
from engine.api.routes.offers import REFUSALS
from engine.api.schemas.new_work import (
    Assign,
    ExtendWrapUp,
    NewWorkItem,
    NewWorkItems,
    Park,
    TakenAnswer,
    TakenAnswers,
    WorkItemChange,
)
from engine.api.schemas.work import WorkItemAnswer
from engine.errors import CordboardError, InvalidInput
from engine.intake.wanted import Wanted

TAG = "Work items"
PART = 200
"""Items checked before others have a turn."""

WRONG = ("unknown-kind", "unknown-queue", "unknown-case", "unknown-contact", "unknown-item", "unknown-user")
FULL = ("queue-full", "queue-closed", "too-many-signatures")
AWAY = ("no-board", "stale-epoch")
PLACING = (*REFUSALS, "no-room", "record-behind")


async def request_name(request: Request) -> str:
    """Return what tells this request from all others: who asks and his key; "" without a key."""
    key = request.headers.get(HEADER, "")
    return f"{actor_of(await caller_of(request))}\n{key}" if key else ""


RequestName = Annotated[str, Depends(request_name)]


async def create_work_item(body: NewWorkItem, parts: Parts, who: WorkWriter, name: RequestName) -> WorkItemAnswer:
    """Hand in a work item.

    Of any kind that a capacity profile takes. It is committed before it is put on the board: `pending` in the answer
    says that the board is away for the moment, and nothing is lost. A `reference` can be used once; a second item with
    it is refused with the first one's `item_id`.
    """
    taken = await parts.dispatch.add(who.org_id, body.wanted(), request=name)
    assert taken.item is not None
    return WorkItemAnswer.of(taken.item)


async def create_work_items(body: NewWorkItems, parts: Parts, who: WorkWriter, name: RequestName) -> TakenAnswers:
    """Hand in up to 10,000 work items.

    Each is judged by itself: the answer says for each, in order, which work item it is or what was wrong. A request
    that was cut off is repeated with the same `Idempotency-Key`: what was made before is not made again.
    """
    wanted: list[Wanted | CordboardError] = []
    for part in _parts(body.items):
        wanted += [_read(one) for one in part]
        await asyncio.sleep(0)
    taken = await parts.dispatch.add_many(who.org_id, wanted, request=name)
    items = [TakenAnswer.of(index, one) for index, one in enumerate(taken)]
    return TakenAnswers(taken=sum(one.problem is None for one in items), items=items)


def _parts(whole: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (whole[start : start + PART] for start in range(0, len(whole), PART))


def _read(one: object) -> Wanted | CordboardError:
    try:
        return NewWorkItem.model_validate(one).wanted()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = field_of(first["loc"])
        return InvalidInput(f"{field}: {first['msg']}" if field else str(first["msg"]), field=field)


async def change_work_item(item_id: str, body: WorkItemChange, parts: Parts, who: WorkWriter) -> WorkItemAnswer:
    """Change what waiting work asks for.

    Priority, queue, skills, due time and preferred agent take effect at once; the time waited so far counts on.
    """
    return WorkItemAnswer.of(await parts.dispatch.change(who.org_id, item_id, body.changes()))


async def cancel_work_item(item_id: str, parts: Parts, who: WorkWriter) -> WorkItemAnswer:
    """Take a work item back.

    What waits, is scheduled or parked is closed as cancelled; the contact of work that an agent holds ends.
    """
    return WorkItemAnswer.of(await parts.dispatch.cancel(who.org_id, item_id))


async def pick_work_item(item_id: str, parts: Parts, who: Agent) -> WorkItemAnswer:
    """Pick a work item out of turn.

    For an agent of its queues who qualifies and has room.
    """
    return WorkItemAnswer.of(await parts.handling.pick(who, item_id))


async def assign_work_item(item_id: str, body: Assign, parts: Parts, who: WorkWriter) -> WorkItemAnswer:
    """Assign a work item to an agent.

    To whomever it is, qualified or not; beyond his room with `force` only.
    """
    return WorkItemAnswer.of(await parts.handling.assign(who, item_id, body.agent_id, force=body.force))


async def park_work_item(item_id: str, body: Park, parts: Parts, who: WorkHolder) -> WorkItemAnswer:
    """Park a work item.

    It waits on the customer and holds no room, until he writes; for whoever holds it, and for supervisors.
    """
    parked = await parts.handling.park(who, item_id, body.assignment, body.why, seen_seq=body.seen_seq)
    return WorkItemAnswer.of(parked)


async def resume_work_item(item_id: str, parts: Parts, who: WorkHolder) -> WorkItemAnswer:
    """Resume a parked work item.

    It waits again, for its last agent first, in a new segment. Not needed for what the customer writes: that resumes
    the work by itself.
    """
    return WorkItemAnswer.of(await parts.dispatch.resume(who.org_id, item_id))


async def extend_wrap_up(item_id: str, body: ExtendWrapUp, parts: Parts, who: WorkHolder) -> WorkItemAnswer:
    """Give a wrap-up more time.

    As much and as often as the queue allows.
    """
    return WorkItemAnswer.of(await parts.handling.extend_wrapup(who, item_id, body.assignment))


def _at(path: str = "") -> str:
    return f"/work-items/{{item_id}}{path}"


OPERATIONS = (
    Operation(
        method="POST",
        path="/work-items",
        handler=create_work_item,
        tag=TAG,
        status=201,
        errors=(*WRONG, "too-large", "reference-taken", *FULL),
    ),
    Operation(method="POST", path="/work-items/bulk", handler=create_work_items, tag=TAG),
    Operation(
        method="PATCH",
        path=_at(),
        handler=change_work_item,
        tag=TAG,
        errors=("unknown-item", "unknown-queue", "wrong-state", *FULL, *AWAY),
    ),
    Operation(
        method="DELETE", path=_at(), handler=cancel_work_item, tag=TAG, errors=("unknown-item", "wrong-state", *AWAY)
    ),
    Operation(
        method="POST",
        path=_at("/pick"),
        handler=pick_work_item,
        tag=TAG,
        errors=(*PLACING, "not-a-member", "not-qualified"),
    ),
    Operation(
        method="POST",
        path=_at("/assign"),
        handler=assign_work_item,
        tag=TAG,
        errors=PLACING,
    ),
    Operation(
        method="POST",
        path=_at("/park"),
        handler=park_work_item,
        tag=TAG,
        errors=PLACING,
    ),
    Operation(
        method="POST",
        path=_at("/resume"),
        handler=resume_work_item,
        tag=TAG,
        errors=("unknown-item", "wrong-state", *AWAY),
    ),
    Operation(
        method="POST", path=_at("/extend-wrap-up"), handler=extend_wrap_up, tag=TAG, errors=(*REFUSALS, "record-behind")
    ),
)
