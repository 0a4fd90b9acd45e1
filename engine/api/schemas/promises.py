"""Contracts, entitlements and leads at the border."""

from typing import Annotated

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.api.schemas.things import Currency, Day, Id, Minor, Named, Notes, Version, Words
from engine.clock import rfc3339
from engine.model.service import (
    Contract,
    ContractStatus,
    Entitled,
    Entitlement,
    EntitlementKind,
    Lead,
    LeadKind,
    LeadStatus,
)
from engine.skills.entitlement import Reason, Verdict

Key = Annotated[str, Field(max_length=40)]
Channels = Annotated[list[Key], Field(max_length=50, description="Keys or kinds of channels; empty: all.")]
Allowed = Annotated[int, Field(ge=0, le=1_000_000, description="Most cases; 0: without bound.")]


class NewContract(Request):
    """Add a contract."""

    number: Annotated[str, Field(min_length=1, max_length=100, description="Each can be used once.")]
    account_id: Id = ""
    name: Words = ""
    status: ContractStatus = ContractStatus.ACTIVE
    starts_on: Day = ""
    ends_on: Day = ""
    notes: Notes = ""


class ContractChange(Request):
    """Change a contract; what is left out stays."""

    version: Version
    number: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    account_id: Id | None = None
    name: Words | None = None
    status: ContractStatus | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    notes: Notes | None = None


class ContractAnswer(Answer):
    """What was agreed with an account."""

    id: str
    number: str
    account_id: str
    name: str
    status: ContractStatus
    starts_on: str
    ends_on: str
    notes: str
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, contract: Contract) -> "ContractAnswer":
        """Build from the noun."""
        return cls(
            id=contract.id,
            number=contract.number,
            account_id=contract.account_id,
            name=contract.name,
            status=contract.status,
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            notes=contract.notes,
            version=contract.version,
            created_at=rfc3339(contract.created_ms),
            updated_at=rfc3339(contract.updated_ms),
        )


class NewEntitlement(Request):
    """Add an entitlement: of an asset, a contact or an account."""

    name: Named
    kind: EntitlementKind = EntitlementKind.SUPPORT
    plan: Annotated[str, Field(max_length=40, description="Key of a configured plan.")] = ""
    contract_id: Id = ""
    account_id: Id = ""
    contact_id: Id = ""
    asset_id: Id = ""
    channels: Channels = Field(default_factory=list)
    starts_on: Day = ""
    ends_on: Day = ""
    cases_allowed: Allowed = 0


class EntitlementChange(Request):
    """Change an entitlement; what is left out stays."""

    version: Version
    name: Named | None = None
    kind: EntitlementKind | None = None
    plan: Key | None = None
    contract_id: Id | None = None
    account_id: Id | None = None
    contact_id: Id | None = None
    asset_id: Id | None = None
    channels: Channels | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    cases_allowed: Allowed | None = None


class EntitlementAnswer(Answer):
    """A right to service."""

    id: str
    name: str
    kind: EntitlementKind
    plan: str
    contract_id: str
    account_id: str
    contact_id: str
    asset_id: str
    channels: list[str]
    starts_on: str
    ends_on: str
    cases_allowed: int
    cases_used: int
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, one: Entitlement) -> "EntitlementAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            name=one.name,
            kind=one.kind,
            plan=one.plan,
            contract_id=one.contract_id,
            account_id=one.account_id,
            contact_id=one.contact_id,
            asset_id=one.asset_id,
            channels=list(one.channels),
            starts_on=one.starts_on,
            ends_on=one.ends_on,
            cases_allowed=one.cases_allowed,
            cases_used=one.cases_used,
            version=one.version,
            created_at=rfc3339(one.created_ms),
            updated_at=rfc3339(one.updated_ms),
        )


class ClaimRequest(Request):
    """Who would want service, and when."""

    contact_id: Id = ""
    account_id: Id = ""
    asset_ids: Annotated[list[Id], Field(max_length=50)] = Field(default_factory=list)
    channel: Key = ""
    on: Day = Field(default="", description="Empty: today, in the organisation's time zone.")


class VerdictAnswer(Answer):
    """Whether somebody is entitled, by what, and why."""

    entitled: Entitled
    reason: Reason
    plan: str
    entitlement: EntitlementAnswer | None = Field(description="The one that counts, or that came nearest.")

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictAnswer":
        """Build from the noun."""
        one = verdict.entitlement
        return cls(
            entitled=verdict.entitled,
            reason=verdict.reason,
            plan=verdict.plan,
            entitlement=EntitlementAnswer.of(one) if one else None,
        )


class NewLead(Request):
    """Hand an opportunity to sales."""

    client_id: str = Field(min_length=1, max_length=100, description="The writer's own id: a repeat is the same lead.")
    kind: LeadKind = LeadKind.LEAD
    subject: Named
    notes: Notes = ""
    value_minor: Minor = 0
    currency: Currency = ""


class LeadChange(Request):
    """Change a lead; what is left out stays."""

    version: Version
    status: LeadStatus | None = None
    subject: Named | None = None
    notes: Notes | None = None
    owner_id: Id | None = None
    value_minor: Minor | None = None
    currency: Currency | None = None


class LeadAnswer(Answer):
    """An opportunity that an agent handed to sales."""

    id: str
    kind: LeadKind
    subject: str
    notes: str
    status: LeadStatus
    case_id: str
    contact_id: str
    account_id: str
    owner_id: str
    queue: str
    item_id: str
    value_minor: int
    currency: str
    created_by: str
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, lead: Lead) -> "LeadAnswer":
        """Build from the noun."""
        return cls(
            id=lead.id,
            kind=lead.kind,
            subject=lead.subject,
            notes=lead.notes,
            status=lead.status,
            case_id=lead.case_id,
            contact_id=lead.contact_id,
            account_id=lead.account_id,
            owner_id=lead.owner_id,
            queue=lead.queue,
            item_id=lead.item_id,
            value_minor=lead.value_minor,
            currency=lead.currency,
            created_by=lead.created_by,
            version=lead.version,
            created_at=rfc3339(lead.created_ms),
            updated_at=rfc3339(lead.updated_ms),
        )
