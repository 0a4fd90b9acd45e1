"""Contacts and accounts at the border."""

from typing import Annotated, Any

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.api.schemas.transcript import ContactAnswer, InteractionAnswer
from engine.clock import moment
from engine.customers.contacts import NewAddress
from engine.model.customer import Address, Contact, Duplicate

Id = Annotated[str, Field(max_length=40)]
Line = Annotated[str, Field(max_length=200)]
Notes = Annotated[str, Field(max_length=20_000)]
Language = Annotated[str, Field(max_length=35, pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)?$")]
Zone = Annotated[str, Field(max_length=64, description="IANA name, such as Asia/Shanghai.")]
Tier = Annotated[str, Field(max_length=40)]
Fields = Annotated[dict[str, Any], Field(description="Custom fields; one that is left out stays, null empties it.")]
Day = Annotated[str, Field(max_length=10, description="2026-11-22; empty: open.")]
Channel = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="`email`, `phone`, or a network's name.")
]


class AddressAnswer(Answer):
    """One way to reach a contact."""

    id: str
    channel: str
    value: str
    key: str = Field(description="As it is compared: case-folded e-mail address, E.164 number, network's id.")
    label: str
    main: bool
    verified_at: str | None
    created_at: str | None

    @classmethod
    def of(cls, one: Address, *, main: bool) -> "AddressAnswer":
        """Build from the noun."""
        return cls(
            id=one.id,
            channel=one.channel,
            value=one.value,
            key=one.key,
            label=one.label,
            main=main,
            verified_at=moment(one.verified_ms),
            created_at=moment(one.created_ms),
        )


class ContactProfile(ContactAnswer):
    """A contact with everything that is kept about him."""

    title: str
    tier: str
    time_zone: str
    notes: str
    owner_id: str = Field(description="Who looks after him; empty: nobody.")
    fields: dict[str, Any]
    version: int
    updated_at: str | None
    addresses: list[AddressAnswer]

    @classmethod
    def whole(cls, contact: Contact, addresses: list[AddressAnswer]) -> "ContactProfile":
        """Build from the noun and its addresses."""
        return cls(
            **ContactAnswer.of(contact).model_dump(),
            title=contact.title,
            tier=contact.tier,
            time_zone=contact.time_zone,
            notes=contact.notes,
            owner_id=contact.owner_id,
            fields=dict(contact.fields),
            version=contact.version,
            updated_at=moment(contact.updated_ms),
            addresses=addresses,
        )


class ContactDetail(Answer):
    """A contact with the latest conversations."""

    contact: ContactProfile
    interactions: list[InteractionAnswer]


class DuplicateAnswer(Answer):
    """A contact or account that is likely the same."""

    id: str
    name: str
    score: float = Field(description="0 to 1.")
    certain: bool
    reasons: list[str]

    @classmethod
    def of(cls, one: Duplicate) -> "DuplicateAnswer":
        """Build from the noun."""
        return cls(id=one.id, name=one.name, score=one.score, certain=one.certain, reasons=list(one.reasons))


class ContactWritten(Answer):
    """A contact that was written, and who is likely the same."""

    contact: ContactProfile
    duplicates: list[DuplicateAnswer]


class AddressRequest(Request):
    """An address."""

    channel: Channel
    value: str = Field(min_length=1, max_length=254)
    label: Line = ""
    region: str = Field(
        default="", pattern=r"^([A-Za-z]{2})?$", description="Country of a telephone number that does not say its own."
    )
    verified: bool = False

    def new(self) -> NewAddress:
        """Build what the stage takes."""
        return NewAddress(
            channel=self.channel, value=self.value, label=self.label, region=self.region, verified=self.verified
        )


class AddressChange(Request):
    """Change an address; what is left out stays."""

    label: Line | None = None
    verified: bool | None = None


class NewContact(Request):
    """Keep a contact; the first e-mail address is the main one."""

    name: str = Field(min_length=1, max_length=200)
    addresses: list[AddressRequest] = Field(default_factory=list, max_length=20)
    language: Language = ""
    time_zone: Zone = ""
    tier: Tier = ""
    title: Line = ""
    notes: Notes = ""
    owner_id: Id = Field(default="", description="The user who looks after him.")
    fields: Fields = Field(default_factory=dict)


class ContactChange(Request):
    """Change a contact; what is left out stays."""

    version: int = Field(ge=1, description="The version the change is based on.")
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    email: str | None = Field(
        default=None, max_length=254, description="The main address; a new one becomes one of his. Empty: none is."
    )
    language: Language | None = None
    time_zone: Zone | None = None
    tier: Tier | None = None
    title: Line | None = None
    notes: Notes | None = None
    owner_id: Id | None = Field(default=None, description="The user who looks after him; empty: nobody.")
    fields: Fields | None = None


class ContactCheck(Request):
    """Somebody who is perhaps known already."""

    name: Line = ""
    addresses: list[AddressRequest] = Field(default_factory=list, max_length=20)
    account_id: Id = ""
