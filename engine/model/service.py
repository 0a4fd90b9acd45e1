"""What customers have and what they were promised: assets, orders, contracts, entitlements; leads handed to sales.

Dates are ISO 8601 text (``2026-11-22``), '' = open: they are days, wherever on earth one looks at them. Money is whole
minor units (cents) of an ISO 4217 currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_FIELDS_BYTES = 16 * 1024
"""Longest JSON of custom fields."""
MOST_LINES = 200
"""Most lines of an order."""


class AssetStatus(StrEnum):
    """Where a thing stands."""

    ORDERED = "ordered"
    IN_USE = "in_use"
    REPAIR = "repair"
    RETIRED = "retired"


class OrderStatus(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class ContractStatus(StrEnum):
    """Where a contract stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    ENDED = "ended"


class EntitlementKind(StrEnum):
    """What an entitlement comes from."""

    WARRANTY = "warranty"
    MAINTENANCE = "maintenance"
    SUPPORT = "support"


class LeadKind(StrEnum):
    """What an agent heard: interest of somebody new, or in something more."""

    LEAD = "lead"
    CROSS_SELL = "cross_sell"


class LeadStatus(StrEnum):
    """Where a lead stands."""

    NEW = "new"
    ACCEPTED = "accepted"
    WON = "won"
    LOST = "lost"


LEAD_CHANGES: Mapping[LeadStatus, frozenset[LeadStatus]] = {
    LeadStatus.NEW: frozenset({LeadStatus.ACCEPTED, LeadStatus.WON, LeadStatus.LOST}),
    LeadStatus.ACCEPTED: frozenset({LeadStatus.NEW, LeadStatus.WON, LeadStatus.LOST}),
    LeadStatus.WON: frozenset({LeadStatus.ACCEPTED}),
    LeadStatus.LOST: frozenset({LeadStatus.ACCEPTED}),
}
"""Legal changes of a lead's status."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A thing that a customer has of us: a machine, a licence."""

    id: str
    org_id: str
    name: str
    account_id: str = ""
    contact_id: str = ""
    product: str = ""
    serial: str = ""
    status: AssetStatus = AssetStatus.IN_USE
    purchased_on: str = ""
    warranty_until: str = ""  # inclusive
    notes: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)  # custom fields by key
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a customer bought, as the shop keeps it."""

    id: str
    org_id: str
    number: str  # the shop's own, unique in the organisation
    account_id: str = ""
    contact_id: str = ""
    status: OrderStatus = OrderStatus.PLACED
    ordered_on: str = ""
    total_minor: int = 0
    currency: str = ""
    lines: tuple[Mapping[str, object], ...] = ()  # product, name, quantity, price_minor
    fields: Mapping[str, object] = field(default_factory=dict)
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """What was agreed with an account; entitlements may hang on it, and hold only while it does."""

    id: str
    org_id: str
    number: str  # unique in the organisation
    account_id: str = ""
    name: str = ""
    status: ContractStatus = ContractStatus.ACTIVE
    starts_on: str = ""
    ends_on: str = ""  # inclusive
    notes: str = ""
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0


class Entitled(StrEnum):
    """Whether a case is entitled to service, as it keeps it."""

    ENTITLED = "entitled"
    EXPIRED = "expired"
    USED_UP = "used_up"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entitlement:
    """A right to service: of an asset, a contact or an account, within a period, for so many cases."""

    id: str
    org_id: str
    name: str
    kind: EntitlementKind = EntitlementKind.SUPPORT
    plan: str = ""  # key of a configured plan: hours and milestones
    contract_id: str = ""
    account_id: str = ""
    contact_id: str = ""
    asset_id: str = ""
    channels: tuple[str, ...] = ()  # keys or kinds of channels; empty = all
    starts_on: str = ""
    ends_on: str = ""  # inclusive
    cases_allowed: int = 0  # 0 = without bound
    cases_used: int = 0
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """An entitlement with the contract it hangs on."""

    entitlement: Entitlement
    contract: Contract | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """An opportunity that an agent hands to sales, with the case it came from."""

    id: str
    org_id: str
    kind: LeadKind
    subject: str
    notes: str = ""
    status: LeadStatus = LeadStatus.NEW
    case_id: str = ""
    contact_id: str = ""
    account_id: str = ""
    owner_id: str = ""
    queue: str = ""
    item_id: str = ""  # the work item that brings it to somebody
    value_minor: int = 0
    currency: str = ""
    created_by: str = ""
    client_id: str = ""  # the writer's own id: a repeat is the same lead
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0
