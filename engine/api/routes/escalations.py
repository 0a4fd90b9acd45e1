"""Escalations of cases, and what is told of cases from outside."""

from engine.api.access import Agent, CaseWriter, Parts
from engine.api.operation import Operation
from engine.api.routes.cases import named_case
from engine.api.schemas.cases import CaseAnswer, CaseEventAnswer
from engine.api.schemas.escalations import LadderAnswer, NewEvent, NewRating
from engine.api.schemas.model import Page
from engine.cases.changes import Wish

TAG = "Cases"


async def tell_event(case_id: str, body: NewEvent, parts: Parts, who: CaseWriter) -> CaseEventAnswer:
    """Tell of an event.

    Something happened to a case elsewhere: a payment failed, a parcel is lost. It stands in the history, and begins
    the escalations and milestones that wait for its name. The same `client_id` is the same event.
    """
    event = await parts.service.happenings.tell(
        who.org_id, case_id, name=body.name, data=body.data, actor_id=who.user_id, client_id=body.client_id
    )
    return CaseEventAnswer.of(event, actor=who.name)


async def rate_case(case_id: str, body: NewRating, parts: Parts, who: CaseWriter) -> CaseAnswer:
    """Rate a case.

    How content the customer was, from 1 (the worst) to 5. The last one counts; a bad one may begin an escalation.
    """
    wish = Wish(changes={"rating": body.rating}, why=body.comment)
    case = await parts.service.cases.change(who.org_id, case_id, wish, actor_id=who.user_id)
    parts.floor.case_changed(case)
    return await named_case(parts, case, None)


async def list_escalations(case_id: str, parts: Parts, who: Agent) -> Page[LadderAnswer]:
    """List a case's escalations.

    Each ladder with its steps: what was taken, when and why, and what comes next. `waiting`: for its trigger's time;
    `standing`: steps are to come; `complete`; `stopped`, with the reason. Without `next_at`, a clock stands still.
    """
    found = await parts.service.happenings.ladders(who.org_id, case_id)
    return Page(items=[LadderAnswer.of(one) for one in found])


OPERATIONS = (
    Operation(
        method="POST",
        path="/cases/{case_id}/events",
        handler=tell_event,
        tag=TAG,
        status=201,
        errors=("unknown-case",),
    ),
    Operation(method="POST", path="/cases/{case_id}/rating", handler=rate_case, tag=TAG, errors=("unknown-case",)),
    Operation(
        method="GET", path="/cases/{case_id}/escalations", handler=list_escalations, tag=TAG, errors=("unknown-case",)
    ),
)
