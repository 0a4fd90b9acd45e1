"""Telephone calls: reports of telephone systems come in, calls are read."""

from typing import Annotated

from fastapi import Depends, Query, Request

from engine.api.access import Agent, Parts, Public
from engine.api.guard import unknown
from engine.api.limiter import AddressLimiter
from engine.api.operation import Operation
from engine.api.parts import ApiParts
from engine.api.routes.signing import address_of
from engine.api.schemas.calls import CallAnswer, CallLine, TakenReportsAnswer
from engine.api.schemas.model import Page
from engine.api.sight import sight_of
from engine.cti.machine import fold
from engine.errors import CordboardError
from engine.model.call import Call, CallFilter, CallState
from engine.model.organisation import Role
from engine.model.user import Principal
from engine.model.visibility import Guarded

TAG = "Telephone calls"
Systems = Annotated[None, Depends(Public("telephone systems have no account; each request is signed"))]


async def post_call_reports(
    org_id: str, source: str, request: Request, parts: Parts, *, _: Systems = None
) -> TakenReportsAnswer:
    """Take reports of calls from a telephone system.

    One report or up to 500, as JSON or as CloudEvents 1.0, signed as Standard Webhooks has it with the source's secret.
    What is wrong with one holds up none of the others. May be sent again: a report that is known changes nothing.
    """
    limiter: AddressLimiter = request.app.state.public_limiter
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        taken = await parts.calls.reception.post(org_id, source, headers, await request.body())
    except CordboardError as error:
        if error.slug == "bad-signature":
            limiter.take(address_of(request))
        raise
    return TakenReportsAnswer.of(taken)


async def list_calls(
    parts: Parts,
    who: Agent,
    *,
    contact_id: Annotated[str, Query(max_length=40, description="Only those of this contact.")] = "",
    agent_id: Annotated[str, Query(max_length=40, description="Only those in which this agent took part.")] = "",
    state: Annotated[CallState | None, Query(description="Only those that stand so.")] = None,
    before: Annotated[str, Query(max_length=40, description="Only those behind this one.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[CallLine]:
    """List calls.

    Newest first, those that the caller sees: as their conversations. Internal calls have none, and are for supervisors.
    """
    wanted = CallFilter(contact_id=contact_id, agent_id=agent_id, state=state, before=before, limit=limit)
    supervises = who.at_least(Role.SUPERVISOR)
    found = await parts.calls.record.list(who.org_id, sight_of(parts, who), wanted, internal=supervises)
    return Page(items=[CallLine.of(one) for one in found])


async def read_call(call_id: str, parts: Parts, who: Agent) -> CallAnswer:
    """Read a call.

    With its timeline: every report in its place, whenever it came.
    """
    call = await _call(parts, who, call_id)
    picture = fold(await parts.calls.record.reports(who.org_id, call_id))
    return CallAnswer.with_timeline(call, picture.timeline)


async def _call(parts: ApiParts, who: Principal, call_id: str) -> Call:
    """Return a call; an internal one is there for supervisors only. Who may see the others was asked by the guard."""
    call = await parts.calls.record.get(who.org_id, call_id)
    if not call.interaction_id and not who.at_least(Role.SUPERVISOR):
        raise unknown(Guarded.CALL, call_id)
    return call


OPERATIONS = (
    Operation(
        method="POST",
        path="/telephony/{org_id}/{source}/reports",
        handler=post_call_reports,
        tag=TAG,
        errors=(
            "unknown-organisation",
            "unknown-source",
            "bad-signature",
            "invalid-input",
            "too-large",
            "unsupported-media-type",
            "too-fast",
        ),
        secret=True,  # known by the reports' own ids
    ),
    Operation(method="GET", path="/calls", handler=list_calls, tag=TAG),
    Operation(method="GET", path="/calls/{call_id}", handler=read_call, tag=TAG, errors=("unknown-call",)),
)
