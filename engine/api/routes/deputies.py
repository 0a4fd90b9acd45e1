"""Deputies: who stands in for whom."""

from fastapi import Request

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.routes.approvals import State
from engine.api.routes.cases import TAG
from engine.api.routes.users import write_audit
from engine.api.schemas.deputies import DeputyAnswer, NewDeputy
from engine.api.schemas.model import Page


async def list_deputies(request: Request, parts: Parts, who: Agent) -> Page[DeputyAnswer]:
    """List who stands in for whom.

    Now or later, in the order in which it begins; what is over is not listed.
    """
    state: State = request.app.state
    names = await state.names.of(who.org_id)
    found = await parts.service.deputies.list(who.org_id)
    return Page(items=[DeputyAnswer.of(one, names) for one in found])


async def add_deputy(body: NewDeputy, request: Request, parts: Parts, who: Agent) -> DeputyAnswer:
    """Let somebody stand in.

    For yourself; supervisors for anybody. Meanwhile whatever rules would give to who is away, or ask him, goes to his
    deputy: turns of approvals (those that wait already, too), cases given to the team's lead, and what they tell him
    they tell both. What people choose themselves stays as chosen.
    """
    deputy = await parts.service.deputies.add(
        who,
        user_id=body.user_id,
        deputy_id=body.deputy_id,
        from_ms=int(body.from_at.timestamp() * 1_000) if body.from_at else 0,
        to_ms=int(body.to_at.timestamp() * 1_000),
        note=body.note,
    )
    await write_audit(parts, who, "deputy.added", deputy.id, {"user_id": deputy.user_id, "deputy_id": deputy.deputy_id})
    state: State = request.app.state
    return DeputyAnswer.of(deputy, await state.names.of(who.org_id))


async def remove_deputy(deputy_id: str, parts: Parts, who: Agent) -> None:
    """Let nobody stand in any more.

    For yourself; supervisors for anybody. What the deputy was given meanwhile stays with him.
    """
    deputy = await parts.service.deputies.remove(who, deputy_id)
    gone: dict[str, object] = {"user_id": deputy.user_id, "deputy_id": deputy.deputy_id}
    await write_audit(parts, who, "deputy.removed", deputy_id, gone)


OPERATIONS = (
    Operation(method="GET", path="/deputies", handler=list_deputies, tag=TAG),
    Operation(
        method="POST",
        path="/deputies",
        handler=add_deputy,
        tag=TAG,
        status=201,
        errors=("unknown-user", "deputy-overlaps"),
    ),
    Operation(
        method="DELETE",
        path="/deputies/{deputy_id}",
        handler=remove_deputy,
        tag=TAG,
        status=204,
        errors=("unknown-deputy",),
    ),
)
