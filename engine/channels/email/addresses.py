"""Which channel of which organisation a mail address belongs to."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import structlog

from engine.channels.email.tokens import without_token
from engine.model.organisation import Organisation

log = structlog.get_logger(__name__)


POSTMASTER = "postmaster"


class Organisations(Protocol):
    """Know the organisations in force."""

    def all(self) -> Sequence[Organisation]:
        """Return every organisation as configured now."""
        ...


class Place(NamedTuple):
    """Where an address leads."""

    org_id: str
    channel: str


class AddressBook:
    """Find channels by address; follows the configuration by itself."""

    def __init__(self, organisations: Organisations) -> None:
        self._organisations = organisations
        self._seen: tuple[Organisation, ...] = ()
        self._places: dict[str, Place] = {}
        self._postmasters: dict[str, Place] = {}  # by domain; "" = of mail that names none

    def find(self, address: str) -> Place | None:
        """Return where mail to an address belongs; None: it is no address of ours.

        Letter case does not matter. An address with a detail (``desk+c…@``, ``desk+anything@``) leads where the one
        without leads, so that a token which a gateway has spoilt loses no mail. ``postmaster`` at each domain of ours,
        and alone, is there as well (RFC 5321, section 4.5.1): where no channel has it, at the domain's first one.
        """
        places, written = self._current(), canonical(address)
        local, _, domain = written.rpartition("@")
        for one in (written, without_token(written), f"{local.partition('+')[0]}@{domain}"):
            if one in places:
                return places[one]
        local, _, domain = (written if "@" in address else f"{written.lstrip('@')}@").rpartition("@")
        return self._postmasters.get(domain) if local == POSTMASTER else None

    def serves(self, address: str) -> bool:
        """Say whether any address of ours has this one's domain."""
        self._current()
        domain = canonical(address).rpartition("@")[2]
        return bool(domain) and domain in self._postmasters

    @property
    def empty(self) -> bool:
        """Say that there is no address at all: nothing is configured, or nothing known of it yet."""
        return not self._current()

    def _current(self) -> dict[str, Place]:
        organisations = tuple(self._organisations.all())
        changed = len(organisations) != len(self._seen) or any(
            one is not other for one, other in zip(organisations, self._seen, strict=True)
        )
        if changed:
            self._seen, self._places = organisations, _places(organisations)
            self._postmasters = _postmasters(self._places)
        return self._places


def _postmasters(places: Mapping[str, Place]) -> dict[str, Place]:
    """Return who reads the postmaster's mail, by domain: who says so, else the first channel that has the domain."""
    found: dict[str, Place] = {}
    for address in sorted(places, key=lambda one: not one.startswith(f"{POSTMASTER}@")):
        found.setdefault(address.rpartition("@")[2], places[address])
    first = next(iter(found.values()), None)
    return {**found, "": first} if first else found


def canonical(address: str) -> str:
    """Return an address as it is compared: lower case, its domain as the name service has it (RFC 5890)."""
    local, _, domain = address.strip().lower().rpartition("@")
    if not domain.isascii():
        with contextlib.suppress(UnicodeError):  # a domain that cannot be: it is found nowhere
            domain = domain.encode("idna").decode("ascii")
    return f"{local}@{domain}"


def _places(organisations: Sequence[Organisation]) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for organisation in sorted(organisations, key=lambda one: one.id):
        for channel in organisation.channels.values():
            for address in channel.email.addresses if channel.email else ():
                place = Place(org_id=organisation.id, channel=channel.key)
                taken = places.setdefault(canonical(address), place)
                if taken != place:
                    log.warning("address of two channels", address=address, first=taken, second=place)
    return places
