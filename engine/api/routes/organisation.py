"""The organisation as configured, its versions, and the audit."""

from typing import Annotated

from fastapi import Query

from engine.api.access import Admin, Agent, Parts
from engine.api.operation import Operation
from engine.api.schemas.model import Page
from engine.api.schemas.organisation import OrganisationAnswer, VersionAnswer
from engine.api.schemas.people import AuditAnswer

TAG = "Organisation"
Limit = Annotated[int, Query(ge=1, le=200)]


async def read_organisation(parts: Parts, who: Agent) -> OrganisationAnswer:
    """Read the lists to choose from.

    Queues, presence statuses, dispositions and skills of the configuration in force.
    """
    return OrganisationAnswer.of(parts.organisations.get(who.org_id))


async def list_configuration_versions(parts: Parts, who: Admin, limit: Limit = 50) -> Page[VersionAnswer]:
    """List the versions of the configuration.

    Newest first.
    """
    return Page(items=[VersionAnswer.of(one) for one in await parts.configuration.versions(who.org_id, limit)])


async def list_audit(parts: Parts, who: Admin, limit: Limit = 50) -> Page[AuditAnswer]:
    """List who changed what.

    Users, passwords, tokens; newest first.
    """
    return Page(items=[AuditAnswer.of(one) for one in await parts.audit.list(who.org_id, limit)])


OPERATIONS = (
    Operation(method="GET", path="/organisation", handler=read_organisation, tag=TAG),
    Operation(method="GET", path="/configuration/versions", handler=list_configuration_versions, tag=TAG),
    Operation(method="GET", path="/audit", handler=list_audit, tag=TAG),
)
