"""What supervisors watch: the wallboard and alerts."""

from typing import Annotated

import msgspec
from fastapi import Query

from engine.api.access import Agent, Parts, Supervisor
from engine.api.operation import Operation
from engine.api.schemas.model import Page
from engine.api.schemas.organisation import AlertAnswer, BoardAnswer
from engine.api.sight import sight_of
from engine.model.organisation import Role

TAG = "Supervision"


async def read_board(parts: Parts, who: Supervisor) -> BoardAnswer:
    """Read the wallboard.

    Per queue what waits, what is in progress and today's figures; per agent status and load. At most a second old. The
    agent socket sends the same live.
    """
    frame = await parts.wallboard.seen_frame(who)
    return BoardAnswer.model_validate(msgspec.to_builtins(frame))


async def list_alerts(parts: Parts, who: Agent, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Page[AlertAnswer]:
    """List alerts.

    Newest first, acknowledged ones included: those for the caller, and for supervisors also those for all of them.
    """
    supervisor = who.at_least(Role.SUPERVISOR)
    found = await parts.alerts.list(
        who.org_id, user_id=who.user_id, supervisor=supervisor, limit=limit, sight=sight_of(parts, who)
    )
    return Page(items=[AlertAnswer.of(one) for one in found])


async def acknowledge_alert(alert_id: str, parts: Parts, who: Agent) -> None:
    """Acknowledge an alert.

    The first one counts. Agents acknowledge their own only.
    """
    supervisor = who.at_least(Role.SUPERVISOR)
    now_ms = parts.clock.now_ms()
    alert = await parts.alerts.acknowledge(
        who.org_id,
        alert_id,
        user_id=who.user_id,
        supervisor=supervisor,
        now_ms=now_ms,
        sight=sight_of(parts, who),
    )
    parts.floor.ring(who.org_id, alert.user_id)


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
