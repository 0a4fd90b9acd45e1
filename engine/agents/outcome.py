"""Turn the router's outcomes into errors: one place, one sentence each."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import Refused
from engine.model.work import Outcome, Reply

SENTENCES: Mapping[Outcome, str] = {
    Outcome.UNKNOWN_ITEM: "There is no such work item.",
    Outcome.UNKNOWN_AGENT: "This user is not set up as an agent.",
    Outcome.UNKNOWN_QUEUE: "There is no such queue.",
    Outcome.UNKNOWN_STATUS: "There is no such presence status.",
    Outcome.WRONG_STATE: "The work item is not in the state that this needs.",
    Outcome.STALE_ASSIGNMENT: "The offer or assignment is no longer in force.",
    Outcome.NOT_YOURS: "The work item is with another agent.",
    Outcome.NO_ROOM: "There is no room left for this work.",
    Outcome.STALE_EPOCH: "The board was rebuilt meanwhile; try again in a moment.",
    Outcome.NO_BOARD: "The board is being rebuilt; try again in a moment.",
    Outcome.WRONG_LAYOUT: "The board was written by another version of the engine.",
    Outcome.QUEUE_CLOSED: "The queue takes nothing in now.",
    Outcome.QUEUE_FULL: "The queue is full.",
    Outcome.NOT_A_MEMBER: "The agent does not work in the queues of this work.",
    Outcome.NOT_QUALIFIED: "The agent does not have the skills that this work needs.",
    Outcome.TOO_MANY_SIGNATURES: "There are too many different requirements at once.",
    Outcome.REFUSED: "The work is refused.",
    Outcome.INVALID: "The router could not read the command.",
}


def required(reply: Reply) -> Reply:
    """Return ``reply`` when it has its effect; else raise Refused with the outcome as slug."""
    if reply.ok:
        return reply
    raise Refused(SENTENCES.get(reply.outcome, "The router refused."), slug=reply.outcome.value)
