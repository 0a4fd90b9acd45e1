"""Leads: opportunities that agents hand to sales."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Agent, Parts
from engine.api.lead_work import DispatchedLeads
from engine.api.operation import Operation
from engine.api.routes.things import Before, Limit, Whose
from engine.api.schemas.model import Page
from engine.api.schemas.promises import LeadAnswer, LeadChange, NewLead
from engine.api.sight import sight_of
from engine.errors import InvalidInput
from engine.model.service import LeadStatus

TAG = "Leads"


async def hand_over_lead(case_id: str, body: NewLead, parts: Parts, who: Agent) -> LeadAnswer:
    """Hand a lead to sales.

    It is kept with its case, contact and account, and becomes a work item of the kind `lead` in the queue that the
    configuration names. The same `client_id` is the same lead.
    """
    lead = await parts.service.leads.hand_over(
        who.org_id,
        case_id,
        kind=body.kind,
        about=body.model_dump(exclude={"client_id", "kind"}),
        actor_id=who.user_id,
        client_id=body.client_id,
        work=DispatchedLeads(parts.dispatch),
    )
    return LeadAnswer.of(lead)


async def list_leads(
    parts: Parts,
    who: Agent,
    status: LeadStatus | None = None,
    owner: Annotated[str, Query(max_length=40, description="A user id, or `me`.")] = "",
    *,
    case_id: Whose = "",
    contact_id: Whose = "",
    account_id: Whose = "",
    limit: Limit = 50,
    before_id: Before = None,
) -> Page[LeadAnswer]:
    """List leads.

    Newest first; `before_id` is the last id of the page before.
    """
    wanted = {
        "status": status.value if status else "",
        "owner_id": who.user_id if owner == "me" else owner,
        "case_id": case_id,
        "contact_id": contact_id,
        "account_id": account_id,
    }
    found = await parts.service.leads.record.list(
        who.org_id, wanted=wanted, limit=limit, before_id=before_id, sight=sight_of(parts, who)
    )
    return Page(items=[LeadAnswer.of(one) for one in found])


async def read_lead(lead_id: str, parts: Parts, who: Agent) -> LeadAnswer:
    """Read a lead."""
    return LeadAnswer.of(await parts.service.leads.record.get(who.org_id, lead_id))


async def change_lead(lead_id: str, body: LeadChange, parts: Parts, who: Agent) -> LeadAnswer:
    """Change a lead.

    `version` is the one the change is based on. Whoever accepts the lead's work item owns it.
    """
    changes = body.model_dump(exclude={"version"}, exclude_none=True)
    if not changes:
        raise InvalidInput("Nothing to change.")
    if body.owner_id:
        await parts.users.get(who.org_id, body.owner_id)
    changed = await parts.service.leads.change(who.org_id, lead_id, version=body.version, changes=changes)
    return LeadAnswer.of(changed)


OPERATIONS = (
    Operation(
        method="POST",
        path="/cases/{case_id}/leads",
        handler=hand_over_lead,
        tag=TAG,
        status=201,
        errors=("unknown-case", "no-sales-queue", "unknown-kind"),
    ),
    Operation(method="GET", path="/leads", handler=list_leads, tag=TAG),
    Operation(method="GET", path="/leads/{lead_id}", handler=read_lead, tag=TAG, errors=("unknown-lead",)),
    Operation(
        method="PATCH",
        path="/leads/{lead_id}",
        handler=change_lead,
        tag=TAG,
        errors=("unknown-lead", "unknown-user", "stale-version", "illegal-status"),
    ),
)
