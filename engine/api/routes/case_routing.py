"""Assign a case anew."""

from engine.api.access import Agent, Parts
from engine.api.operation import Operation
from engine.api.routes.cases import TAG, named_case
from engine.api.schemas.case_routing import AssignedAnswer, CaseAssign
from engine.errors import Conflict
from engine.model.case import Case


async def assign_case(case_id: str, body: CaseAssign, parts: Parts, who: Agent) -> AssignedAnswer:
    """Assign a case anew.

    The first assignment rule that fits decides, as for a new case; its owner goes before the one there is. The answer
    and the history name the rule and say what it saw. Nothing happens to a case that is resolved or closed.
    """
    try:
        decided = await parts.service.assigning.assign(who.org_id, case_id, version=body.version, actor_id=who.user_id)
    except Conflict as refused:
        present = refused.fields.get("case")
        if isinstance(present, Case):
            refused.fields["case"] = (await named_case(parts, present, None)).model_dump()
        raise
    parts.floor.case_changed(decided.case)
    said = next((dict(line.data) for line in decided.decision.lines if line.kind == "assigned"), {})
    because = said.get("because")
    return AssignedAnswer(
        case=await named_case(parts, decided.case, None),
        rule=str(said.get("rule", "")),
        because=because if isinstance(because, list) else [],
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/cases/{case_id}/assign",
        handler=assign_case,
        tag=TAG,
        errors=("unknown-case", "stale-version"),
    ),
)
