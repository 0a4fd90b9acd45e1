"""Contacts: checked, their addresses normalised, likely duplicates told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.clock import Clock
from engine.customers.addresses import checked_region, domain_of, normalised
from engine.customers.contract import MOST_NAMED, AddressRecord, ContactRecord, DuplicateRecord, Organisations, Texts
from engine.customers.duplicates import persons
from engine.customers.fields import Defined, checked, checked_new
from engine.ids import NewId
from engine.model.case_setup import FieldOf
from engine.model.conversation import Interaction
from engine.model.customer import EMAIL, Address, Contact, Duplicate, PersonTraits
from engine.model.naming import person_keys
from engine.model.search import SearchKind
from engine.model.visibility import EVERYTHING, Sight


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAddress:
    """An address as somebody writes it."""

    channel: str
    value: str
    label: str = ""
    region: str = ""  # of a telephone number without a country; "" = the organisation's
    verified: bool = False


class Contacts:
    """Keep contacts."""

    def __init__(
        self,
        *,
        record: ContactRecord,
        addresses: AddressRecord,
        duplicates: DuplicateRecord,
        texts: Texts,
        organisations: Organisations,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._record = record
        self._addresses = addresses
        self._duplicates = duplicates
        self._texts = texts
        self._organisations = organisations
        self._clock = clock
        self._new_id = new_id

    async def get(self, org_id: str, contact_id: str) -> Contact:
        """Return a contact, or the one he was merged into; raise NotFound."""
        return await self._record.get(org_id, contact_id)

    async def list(
        self,
        org_id: str,
        text: str,
        limit: int,
        *,
        owner_id: str = "",
        before_id: str = "",
        sight: Sight = EVERYTHING,
    ) -> Sequence[Contact]:
        """Return contacts whose name or address contains ``text``, newest first; of one owner, "" = of any."""
        named: Sequence[str] = ()
        if text:
            named = await self._texts.newest(org_id, SearchKind.CONTACT, text, sight=sight, most=MOST_NAMED)
        return await self._record.list(
            org_id, text, limit, owner_id=owner_id, before_id=before_id, named=named, sight=sight
        )

    async def interactions(
        self, org_id: str, contact_id: str, limit: int, *, sight: Sight = EVERYTHING
    ) -> Sequence[Interaction]:
        """Return a contact's conversations, newest first."""
        return await self._record.interactions(org_id, contact_id, limit, sight=sight)

    async def create(
        self, org_id: str, *, values: Mapping[str, object], addresses: Sequence[NewAddress]
    ) -> tuple[Contact, tuple[Duplicate, ...]]:
        """Keep a new contact; return him with those who are likely the same.

        Raises InvalidInput; Conflict(address-taken), which names who has the address.
        """
        contact_id, now_ms = self._new_id(), self._clock.now_ms()
        made = _different(self._address(org_id, contact_id, one, now_ms) for one in addresses)
        # Ids of one millisecond have no order; these have that in which the addresses were given.
        kept = [replace(one, id=new) for one, new in zip(made, sorted(one.id for one in made), strict=True)]
        main = next((one.value for one in kept if one.channel == EMAIL), "")
        empty = Contact(id=contact_id, org_id=org_id, name="", email=main, created_ms=now_ms, updated_ms=now_ms)
        contact = replace(empty, **checked_new(values, self._defined(org_id)))
        found = await self._similar(org_id, _traits(contact, kept))
        await self._record.create(contact, kept)
        return contact, found

    async def change(
        self, org_id: str, contact_id: str, *, version: int, values: Mapping[str, object]
    ) -> tuple[Contact, tuple[Duplicate, ...]]:
        """Change a contact; return him with those who are likely the same.

        A new ``email`` becomes one of his addresses. Raises InvalidInput, NotFound, Conflict: ``stale-version``,
        ``merged``, ``address-taken``.
        """
        now_ms = self._clock.now_ms()
        present = await self._record.get(org_id, contact_id) if "fields" in values else None
        # Fields of another version do no harm: then the change is refused.
        changes = checked(values, self._defined(org_id), present.fields if present else {})
        address = None
        if email := str(changes.get("email", "")):
            wanted = NewAddress(channel=EMAIL, value=email)
            address = self._address(org_id, contact_id, wanted, now_ms)
            changes["email"] = address.value
        contact = await self._record.change(
            org_id, contact_id, version=version, changes=changes, address=address, now_ms=now_ms
        )
        found = await self.duplicates_of(org_id, contact_id) if changes.keys() & {"name", "email"} else ()
        return contact, found

    async def addresses(self, org_id: str, contact_id: str) -> Sequence[Address]:
        """Return a contact's addresses, oldest first."""
        return await self._addresses.of_contact(org_id, contact_id)

    async def add_address(self, org_id: str, contact_id: str, new: NewAddress) -> Address:
        """Add an address, or return the same one if he has it; raise InvalidInput, NotFound, Conflict."""
        now_ms = self._clock.now_ms()
        return await self._addresses.add(self._address(org_id, contact_id, new, now_ms), now_ms=now_ms)

    async def change_address(
        self, org_id: str, contact_id: str, address_id: str, *, label: str | None, verified: bool | None
    ) -> Address:
        """Set label and verification; raise NotFound, Conflict."""
        return await self._addresses.change(
            org_id, contact_id, address_id, label=label, verified=verified, now_ms=self._clock.now_ms()
        )

    async def remove_address(self, org_id: str, contact_id: str, address_id: str) -> None:
        """Remove an address; raise NotFound, Conflict."""
        await self._addresses.remove(org_id, contact_id, address_id, now_ms=self._clock.now_ms())

    async def check(
        self, org_id: str, *, name: str, addresses: Sequence[NewAddress], account_id: str
    ) -> tuple[Duplicate, ...]:
        """Return who is likely the same as somebody who is not kept yet."""
        keys = {(one.channel, self._key(org_id, one)) for one in addresses}
        near = frozenset({account_id} - {""})
        return await self._similar(org_id, PersonTraits(id="", name=name, addresses=frozenset(keys), account_ids=near))

    async def duplicates_of(self, org_id: str, contact_id: str) -> tuple[Duplicate, ...]:
        """Return who is likely the same as a contact; nobody for one that is not there."""
        traits = await self._duplicates.person(org_id, contact_id)
        return () if traits is None else await self._similar(org_id, traits)

    async def _similar(self, org_id: str, traits: PersonTraits) -> tuple[Duplicate, ...]:
        domains = {domain_of(key) for channel, key in traits.addresses if channel == EMAIL} - {""}
        candidates = await self._duplicates.persons(
            org_id,
            name_keys=person_keys(traits.name),
            addresses=traits.addresses,
            account_ids=traits.account_ids,
            domains=domains,
        )
        return persons(traits, candidates)

    def _defined(self, org_id: str) -> Defined:
        return self._organisations.get(org_id).fields.get(FieldOf.CONTACT, {})

    def _key(self, org_id: str, new: NewAddress) -> str:
        region = checked_region(new.region) or self._organisations.get(org_id).region
        return normalised(new.channel, new.value, region)

    def _address(self, org_id: str, contact_id: str, new: NewAddress, now_ms: int) -> Address:
        return Address(
            id=self._new_id(),
            org_id=org_id,
            contact_id=contact_id,
            channel=new.channel,
            value=new.value.strip(),
            key=self._key(org_id, new),
            label=new.label,
            verified_ms=now_ms if new.verified else 0,
            created_ms=now_ms,
        )


def _traits(contact: Contact, addresses: Sequence[Address]) -> PersonTraits:
    keys = frozenset((one.channel, one.key) for one in addresses)
    return PersonTraits(id=contact.id, name=contact.name, addresses=keys)


def _different(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Return the addresses without repetitions, in their order."""
    found: dict[tuple[str, str], Address] = {}
    for one in addresses:
        found.setdefault((one.channel, one.key), one)
    return tuple(found.values())
