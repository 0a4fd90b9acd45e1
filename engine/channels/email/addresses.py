"""Which channel of which organisation a mail address belongs to."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog

from engine.channels.email.tokens import without_token
from engine.model.organisation import Organisation

log = structlog.get_logger(__name__)


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
        self._domains: frozenset[str] = frozenset()

    def find(self, address: str) -> Place | None:
        """Return where mail to an address belongs; None: it is no address of ours.

        Letter case does not matter. An address with a detail (``desk+c…@``, ``desk+anything@``) leads where the one
        without leads, so that a token which a gateway has spoilt loses no mail.
        """
        places, written = self._current(), canonical(address)
        local, _, domain = written.rpartition("@")
        for one in (written, without_token(written), f"{local.partition('+')[0]}@{domain}"):
            if one in places:
                return places[one]
        return None

    def serves(self, address: str) -> bool:
        """Say whether any address of ours has this one's domain."""
        self._current()
        return canonical(address).rpartition("@")[2] in self._domains

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
            self._domains = frozenset(address.rpartition("@")[2] for address in self._places)
        return self._places


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
