"""Offers: accept and decline."""

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.work import Accept, Decline, WorkItemAnswer

REFUSALS = ("unknown-item", "not-yours", "wrong-state", "stale-assignment", "unknown-agent", "no-board")


async def accept_offer(item_id: str, body: Accept, parts: Parts, who: Agent) -> WorkItemAnswer:
    """Accept an offer.

    The assignment is in the record when this answers. Repeating it is harmless.
    """
    return WorkItemAnswer.of(await parts.desk.accept(who, item_id, body.assignment))


async def decline_offer(item_id: str, body: Decline, parts: Parts, who: Agent) -> None:
    """Decline an offer.

    The work goes to somebody else, and comes back to this agent only after the queue's decline memory.
    """
    await parts.desk.decline(who, item_id, body.assignment, body.reason)


OPERATIONS = (
    Operation(
        method="POST",
        path="/offers/{item_id}/accept",
        handler=accept_offer,
        tag="Offers",
        errors=(*REFUSALS, "no-room", "record-behind"),
    ),
    Operation(
        method="POST",
        path="/offers/{item_id}/decline",
        handler=decline_offer,
        tag="Offers",
        status=204,
        errors=REFUSALS,
    ),
)
