"""Assets and orders at the border."""

from datetime import date
from typing import Annotated

import msgspec
from pydantic import AfterValidator, Field

from engine.api.schemas.model import Answer, Request
from engine.clock import rfc3339
from engine.model.service import MAX_FIELDS_BYTES, MOST_LINES, Asset, AssetStatus, Order, OrderStatus


def _day(text: str) -> str:
    if text:
        try:
            same = date.fromisoformat(text).isoformat() == text
        except ValueError:
            same = False
        if not same:
            raise ValueError('write a day as "2026-11-22"')
    return text


def _small(fields: dict[str, object]) -> dict[str, object]:
    if len(msgspec.json.encode(fields)) > MAX_FIELDS_BYTES:
        raise ValueError(f"at most {MAX_FIELDS_BYTES} bytes as JSON")
    return fields


Day = Annotated[str, Field(max_length=10, description="A day, such as 2026-11-22; empty: open."), AfterValidator(_day)]
Fields = Annotated[dict[str, object], Field(max_length=200), AfterValidator(_small)]
Id = Annotated[str, Field(max_length=40)]
Words = Annotated[str, Field(max_length=200)]
Named = Annotated[str, Field(min_length=1, max_length=200)]
Notes = Annotated[str, Field(max_length=16_384)]
Currency = Annotated[str, Field(pattern=r"^([A-Z]{3})?$", description="ISO 4217, such as EUR.")]
Minor = Annotated[int, Field(ge=0, le=10**15, description="Whole minor units, such as cents.")]
Version = Annotated[int, Field(ge=1, description="The version the change is based on.")]


class NewAsset(Request):
    """Add an asset."""

    name: Named
    account_id: Id = ""
    contact_id: Id = ""
    product: Words = ""
    serial: Words = ""
    status: AssetStatus = AssetStatus.IN_USE
    purchased_on: Day = ""
    warranty_until: Day = ""
    notes: Notes = ""
    fields: Fields = Field(default_factory=dict)


class AssetChange(Request):
    """Change an asset; what is left out stays."""

    version: Version
    name: Named | None = None
    account_id: Id | None = None
    contact_id: Id | None = None
    product: Words | None = None
    serial: Words | None = None
    status: AssetStatus | None = None
    purchased_on: Day | None = None
    warranty_until: Day | None = None
    notes: Notes | None = None
    fields: Fields | None = None


class AssetAnswer(Answer):
    """A thing that a customer has of us."""

    id: str
    name: str
    account_id: str
    contact_id: str
    product: str
    serial: str
    status: AssetStatus
    purchased_on: str
    warranty_until: str
    notes: str
    fields: dict[str, object]
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, asset: Asset) -> "AssetAnswer":
        """Build from the noun."""
        return cls(
            id=asset.id,
            name=asset.name,
            account_id=asset.account_id,
            contact_id=asset.contact_id,
            product=asset.product,
            serial=asset.serial,
            status=asset.status,
            purchased_on=asset.purchased_on,
            warranty_until=asset.warranty_until,
            notes=asset.notes,
            fields=dict(asset.fields),
            version=asset.version,
            created_at=rfc3339(asset.created_ms),
            updated_at=rfc3339(asset.updated_ms),
        )


class OrderLine(Request):
    """A line of an order."""

    product: Words = ""
    name: Named
    quantity: int = Field(default=1, ge=1, le=1_000_000)
    price_minor: Minor = 0


Lines = Annotated[list[OrderLine], Field(max_length=MOST_LINES)]


class NewOrder(Request):
    """Add an order."""

    number: Annotated[str, Field(min_length=1, max_length=100, description="The shop's own; each can be used once.")]
    account_id: Id = ""
    contact_id: Id = ""
    status: OrderStatus = OrderStatus.PLACED
    ordered_on: Day = ""
    total_minor: Minor = 0
    currency: Currency = ""
    lines: Lines = Field(default_factory=list)
    fields: Fields = Field(default_factory=dict)


class OrderChange(Request):
    """Change an order; what is left out stays."""

    version: Version
    number: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    account_id: Id | None = None
    contact_id: Id | None = None
    status: OrderStatus | None = None
    ordered_on: Day | None = None
    total_minor: Minor | None = None
    currency: Currency | None = None
    lines: Lines | None = None
    fields: Fields | None = None


class OrderAnswer(Answer):
    """What a customer bought."""

    id: str
    number: str
    account_id: str
    contact_id: str
    status: OrderStatus
    ordered_on: str
    total_minor: int
    currency: str
    lines: list[dict[str, object]]
    fields: dict[str, object]
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, order: Order) -> "OrderAnswer":
        """Build from the noun."""
        return cls(
            id=order.id,
            number=order.number,
            account_id=order.account_id,
            contact_id=order.contact_id,
            status=order.status,
            ordered_on=order.ordered_on,
            total_minor=order.total_minor,
            currency=order.currency,
            lines=[dict(line) for line in order.lines],
            fields=dict(order.fields),
            version=order.version,
            created_at=rfc3339(order.created_ms),
            updated_at=rfc3339(order.updated_ms),
        )
