"""What supervisors watch: the wallboard and alerts."""

from typing import Annotated

import msgspec
from fastapi import Query

from engine.api.access import Parts, Supervisor
from engine.api.operation import Operation
from engine.api.schemas.model import Page
from engine.api.schemas.organisation import AlertAnswer, BoardAnswer

TAG = "Supervision"


async def read_board(parts: Parts, who: Supervisor) -> BoardAnswer:
    """Read the wallboard.

    Per queue what waits, what is in progress and today's figures; per agent status and load. At most a second old. The
    agent socket sends the same live.
    """
    frame = await parts.wallboard.frame(who.org_id)
    return BoardAnswer.model_validate(msgspec.to_builtins(frame))


async def list_alerts(
    parts: Parts, who: Supervisor, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[AlertAnswer]:
    """List alerts.

    Newest first, acknowledged ones included.
    """
    return Page(items=[AlertAnswer.of(one) for one in await parts.alerts.list(who.org_id, limit=limit)])


async def acknowledge_alert(alert_id: str, parts: Parts, who: Supervisor) -> None:
    """Acknowledge an alert.

    The first one counts.
    """
    await parts.alerts.acknowledge(who.org_id, alert_id, user_id=who.user_id, now_ms=parts.clock.now_ms())


OPERATIONS = (
    Operation(method="GET", path="/board", handler=read_board, tag=TAG, errors=("no-board",)),
    Operation(method="GET", path="/alerts", handler=list_alerts, tag=TAG),
    Operation(
        method="POST",
        path="/alerts/{alert_id}/acknowledge",
        handler=acknowledge_alert,
        tag=TAG,
        status=204,
        errors=("unknown-alert",),
    ),
)
