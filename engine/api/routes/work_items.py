"""Work items: read, end, wrap up, transfer, explain."""

from typing import Annotated

from fastapi import Depends, Query

from engine.api.access import Parts, WorkHolder, WorkReader
from engine.api.operation import Operation
from engine.api.routes.offers import REFUSALS
from engine.api.schemas.explanation import Explanation, explanation_of
from engine.api.schemas.model import Page
from engine.api.schemas.new_work import WorkFilter
from engine.api.schemas.work import End, EventAnswer, Transfer, WorkItemAnswer, WrapUp
from engine.api.sight import sight_of

TAG = "Work items"


async def list_work_items(
    parts: Parts,
    who: WorkReader,
    filters: Annotated[WorkFilter, Depends()],
    *,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[WorkItemAnswer]:
    """List work items.

    Newest first; `before_id` is the last id of the page before. Filters that are given must all hold.
    """
    found = await parts.work.list(
        who.org_id,
        state=filters.state.value if filters.state else None,
        queue=filters.queue,
        wanted=filters.wanted(),
        limit=limit,
        before_id=before_id,
        sight=sight_of(parts, who),
    )
    return Page(items=[WorkItemAnswer.of(one) for one in found])


async def read_work_item(item_id: str, parts: Parts, who: WorkReader) -> WorkItemAnswer:
    """Read a work item."""
    return WorkItemAnswer.of(await parts.work.get(who.org_id, item_id))


async def read_work_item_events(item_id: str, parts: Parts, who: WorkReader) -> Page[EventAnswer]:
    """Read what happened to a work item.

    Its routing events, oldest first: enqueued, offered, accepted, declined and so on.
    """
    await parts.work.get(who.org_id, item_id)
    return Page(items=[EventAnswer.of(one) for one in await parts.history.history(who.org_id, item_id)])


async def explain_work_item(item_id: str, parts: Parts, who: WorkReader) -> Explanation:
    """Explain where a work item stands.

    Which agents qualify now and, for each other, the first reason why not, from the live board; and each decision so
    far, from the record: when, what, its score and number of candidates.
    """
    await parts.work.get(who.org_id, item_id)
    living = await parts.explainer.explain(who.org_id, item_id)
    return explanation_of(item_id, living, await parts.history.history(who.org_id, item_id))


async def end_work_item(item_id: str, body: End, parts: Parts, who: WorkHolder) -> WorkItemAnswer:
    """End the contact.

    The customer's conversation closes and the wrap-up begins. For whoever holds the work, and for supervisors.
    """
    return WorkItemAnswer.of(await parts.desk.end(who, item_id, body.assignment))


async def wrap_up_work_item(item_id: str, body: WrapUp, parts: Parts, who: WorkHolder) -> WorkItemAnswer:
    """Finish the wrap-up.

    Keeps the disposition, also when the time for it was over just before, and frees the capacity.
    """
    item = await parts.desk.finish_wrapup(who, item_id, body.assignment, disposition=body.disposition, note=body.note)
    return WorkItemAnswer.of(item)


async def transfer_work_item(item_id: str, body: Transfer, parts: Parts, who: WorkHolder) -> WorkItemAnswer:
    """Hand over to a queue, an agent or skills.

    The customer keeps the place that the whole wait has earned; the note is for whoever takes over. A queue that is
    full or closed refuses before anybody has let go.
    """
    item = await parts.desk.transfer(who, item_id, body.assignment, to=body.destination(), note=body.note)
    return WorkItemAnswer.of(item)


OPERATIONS = (
    Operation(method="GET", path="/work-items", handler=list_work_items, tag=TAG),
    Operation(method="GET", path="/work-items/{item_id}", handler=read_work_item, tag=TAG, errors=("unknown-item",)),
    Operation(
        method="GET",
        path="/work-items/{item_id}/events",
        handler=read_work_item_events,
        tag=TAG,
        errors=("unknown-item",),
    ),
    Operation(
        method="GET",
        path="/work-items/{item_id}/explanation",
        handler=explain_work_item,
        tag=TAG,
        errors=("unknown-item", "unknown-item", "no-board"),
    ),
    Operation(
        method="POST",
        path="/work-items/{item_id}/end",
        handler=end_work_item,
        tag=TAG,
        errors=(*REFUSALS, "record-behind"),
    ),
    Operation(
        method="POST",
        path="/work-items/{item_id}/wrap-up",
        handler=wrap_up_work_item,
        tag=TAG,
        errors=(*REFUSALS, "unknown-disposition", "too-large", "record-behind"),
    ),
    Operation(
        method="POST",
        path="/work-items/{item_id}/transfer",
        handler=transfer_work_item,
        tag=TAG,
        errors=(*REFUSALS, "unknown-queue", "queue-full", "queue-closed", "too-large", "record-behind"),
    ),
)
