"""Asking colleagues: consults, and who and what there is to ask or to hand over to."""

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.routes.offers import REFUSALS
from engine.api.schemas.destinations import AgentDestination, Destinations, QueueDestination
from engine.api.schemas.work import Ask, WorkItemAnswer

TAG = "Consults"


async def ask_colleague(item_id: str, body: Ask, parts: Parts, who: Agent) -> WorkItemAnswer:
    """Ask a colleague.

    Makes a consult: a work item of its own that belongs to this one and ends with it. Whoever takes it sees the
    conversation and writes notes into it; the customer sees nothing of that.
    """
    item = await parts.consulting.ask(
        who, item_id, body.assignment, to=body.destination(), question=body.question, request=body.client_id
    )
    return WorkItemAnswer.of(item)


async def end_consult(item_id: str, parts: Parts, who: Agent) -> WorkItemAnswer:
    """End a consult.

    For who asked and who was asked; it needs no wrap-up.
    """
    return WorkItemAnswer.of(await parts.consulting.end(who, item_id))


async def list_destinations(parts: Parts, who: Agent) -> Destinations:
    """List whom work can be handed over to.

    Queues and how they stand, agents and whether they have room; at most a second old.
    """
    frame = await parts.wallboard.frame(who.org_id)
    return Destinations(
        queues=[QueueDestination.of(one) for one in frame.queues],
        agents=[AgentDestination.of(one) for one in frame.agents if one.id != who.user_id and one.units > 0],
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/work-items/{item_id}/consults",
        handler=ask_colleague,
        tag=TAG,
        status=201,
        errors=(*REFUSALS, "unknown-queue", "unknown-user", "queue-full", "queue-closed", "too-large"),
    ),
    Operation(
        method="POST",
        path="/work-items/{item_id}/end-consult",
        handler=end_consult,
        tag=TAG,
        errors=REFUSALS,
    ),
    Operation(method="GET", path="/destinations", handler=list_destinations, tag=TAG, errors=("no-board",)),
)
