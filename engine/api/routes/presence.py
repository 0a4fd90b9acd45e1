"""An agent's presence."""

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.work import PresenceChange, SignOut


async def set_presence(body: PresenceChange, parts: Parts, who: Agent) -> None:
    """Choose a presence status.

    An offline status signs out; with open work that is refused, see `POST /sign-out`.
    """
    await parts.desk.set_status(who, body.status)


async def sign_out(body: SignOut, parts: Parts, who: Agent) -> None:
    """Go offline.

    With conversations still held and `open_work` left out the answer is 409 `open-work` with their `items`.
    `requeue` gives them to other agents, `end` ends them.
    """
    await parts.desk.sign_out(who, body.open_work)


OPERATIONS = (
    Operation(
        method="POST",
        path="/presence",
        handler=set_presence,
        tag="Presence",
        status=204,
        errors=("unknown-status", "unknown-agent", "open-work", "no-board"),
    ),
    Operation(
        method="POST",
        path="/sign-out",
        handler=sign_out,
        tag="Presence",
        status=204,
        errors=("open-work", "unknown-agent", "no-board"),
    ),
)
