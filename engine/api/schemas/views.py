"""The 360 degree view of a customer at the border."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.api.schemas.activities import ActivityAnswer
from engine.api.schemas.cases import CaseAnswer
from engine.api.schemas.customers import AddressAnswer, ContactProfile
from engine.api.schemas.model import Answer
from engine.api.schemas.promises import ContractAnswer, EntitlementAnswer, LeadAnswer
from engine.api.schemas.things import AssetAnswer, OrderAnswer
from engine.api.schemas.transcript import InteractionAnswer
from engine.model.customer import Account, AccountAccess, CaseAccess
from engine.model.view import AccountView, CaseCount, ContactView, CustomerView, Tie, TimelineLine


class AccountBrief(Answer):
    """A company, in short."""

    id: str
    name: str
    parent_id: str
    tier: str
    industry: str
    website: str
    phone: str
    owner_id: str

    @classmethod
    def of(cls, one: Account) -> "AccountBrief":
        """Build from the noun."""
        return cls(
            id=one.id,
            name=one.name,
            parent_id=one.parent_id,
            tier=one.tier,
            industry=one.industry,
            website=one.website,
            phone=one.phone,
            owner_id=one.owner_id,
        )


class TieAnswer(Answer):
    """What a contact is, or was, to an account; with the name and tier of the other one."""

    id: str
    contact_id: str
    account_id: str
    name: str
    tier: str
    direct: bool
    present: bool
    role: str
    from_date: str
    to_date: str

    @classmethod
    def of(cls, tie: Tie) -> "TieAnswer":
        """Build from the noun."""
        one = tie.relation
        return cls(
            id=one.id,
            contact_id=one.contact_id,
            account_id=one.account_id,
            name=tie.name,
            tier=tie.tier,
            direct=one.direct,
            present=not one.to_date,
            role=one.role,
            from_date=one.from_date,
            to_date=one.to_date,
        )


class CaseCountAnswer(Answer):
    """How many cases there are."""

    open: int
    past: int
    complete: bool = Field(description="False: there are more than the 1,000 that were counted.")

    @classmethod
    def of(cls, one: CaseCount) -> "CaseCountAnswer":
        """Build from the noun."""
        return cls(open=one.open, past=one.past, complete=one.complete)


class TimelineAnswer(Answer):
    """A conversation on any channel."""

    interaction: InteractionAnswer
    case_number: int | None
    contact_name: str
    words: str = Field(description="The beginning of its first message.")
    subject: str = Field(description="Of the mail that it began with; empty: it began with none.")

    @classmethod
    def of(cls, one: TimelineLine) -> "TimelineAnswer":
        """Build from the noun."""
        return cls(
            interaction=InteractionAnswer.of(one.interaction),
            case_number=one.case_number or None,
            contact_name=one.contact_name,
            words=one.words,
            subject=one.subject,
        )


class TeamAnswer(Answer):
    """Somebody who looks after the account."""

    user_id: str
    name: str
    role: str
    account_access: AccountAccess
    case_access: CaseAccess


class CustomerViewAnswer(Answer):
    """What there is of a customer: the newest 20 of each kind."""

    cases: list[CaseAnswer] = Field(description="Open ones first, each part newest first.")
    case_count: CaseCountAnswer
    timeline: list[TimelineAnswer] = Field(description="Newest first; older ones at `…/timeline`.")
    entitlements: list[EntitlementAnswer] = Field(description="Of contact, account, accounts above it, and assets.")
    assets: list[AssetAnswer]
    orders: list[OrderAnswer]
    contracts: list[ContractAnswer]
    leads: list[LeadAnswer]
    team: list[TeamAnswer]
    activities: list[ActivityAnswer]

    @classmethod
    def parts(cls, view: CustomerView, names: Mapping[str, str], now_ms: int) -> dict[str, Any]:
        """Return the fields of a view."""
        return {
            "cases": [CaseAnswer.of(one, owner=names.get(one.owner_id, "")) for one in view.cases],
            "case_count": CaseCountAnswer.of(view.count),
            "timeline": [TimelineAnswer.of(one) for one in view.timeline],
            "entitlements": [EntitlementAnswer.of(one.entitlement) for one in view.promises],
            "assets": [AssetAnswer.of(one) for one in view.assets],
            "orders": [OrderAnswer.of(one) for one in view.orders],
            "contracts": [ContractAnswer.of(one) for one in view.contracts],
            "leads": [LeadAnswer.of(one) for one in view.leads],
            "team": [
                TeamAnswer(
                    user_id=one.user_id,
                    name=names.get(one.user_id, ""),
                    role=one.role,
                    account_access=one.account_access,
                    case_access=one.case_access,
                )
                for one in view.team
            ],
            "activities": [
                ActivityAnswer.of(one, owner=names.get(one.owner_id, ""), now_ms=now_ms) for one in view.activities
            ],
        }


class ContactViewAnswer(CustomerViewAnswer):
    """Everything about a contact."""

    contact: ContactProfile
    account: AccountBrief | None = Field(description="The account that the contact belongs to.")
    accounts: list[TieAnswer] = Field(description="Present ones first.")

    @classmethod
    def of(cls, found: ContactView, names: Mapping[str, str], now_ms: int) -> "ContactViewAnswer":
        """Build from the noun and the names of users."""
        contact = found.contact
        addresses = [AddressAnswer.of(one, main=one.value == contact.email) for one in found.addresses]
        return cls(
            contact=ContactProfile.whole(contact, addresses),
            account=AccountBrief.of(found.account) if found.account else None,
            accounts=[TieAnswer.of(one) for one in found.view.ties],
            **cls.parts(found.view, names, now_ms),
        )


class AccountViewAnswer(CustomerViewAnswer):
    """Everything about an account."""

    account: AccountBrief
    above: list[AccountBrief] = Field(description="The accounts that it belongs to, nearest first.")
    children: list[AccountBrief]
    contacts: list[TieAnswer] = Field(description="Present ones first.")

    @classmethod
    def of(cls, found: AccountView, names: Mapping[str, str], now_ms: int) -> "AccountViewAnswer":
        """Build from the noun and the names of users."""
        return cls(
            account=AccountBrief.of(found.account),
            above=[AccountBrief.of(one) for one in found.line],
            children=[AccountBrief.of(one) for one in found.children],
            contacts=[TieAnswer.of(one) for one in found.view.ties],
            **cls.parts(found.view, names, now_ms),
        )
