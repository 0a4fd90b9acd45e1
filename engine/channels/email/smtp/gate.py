"""What may be handed in: the hooks that aiosmtpd calls for MAIL, RCPT and the like, shared by all connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog
from aiosmtpd.smtp import Envelope, LoginPassword, Session

from engine.channels.email.addresses import AddressBook, Place
from engine.channels.email.inlet import Inlet, Outcome
from engine.channels.email.smtp import answers
from engine.channels.email.smtp.door import Door
from engine.channels.email.smtp.settings import MailServerSettings
from engine.channels.email.smtp.watched import Users
from engine.clock import Clock
from engine.model.mail_record import Envelope as Handed
from engine.model.mail_record import Source

if TYPE_CHECKING:
    from engine.channels.email.smtp.session import SmtpSession

log = structlog.get_logger(__name__)

NULL_SENDER = "<>"
"""What aiosmtpd makes of ``MAIL FROM:<>``."""


class MailEnvelope(Envelope):
    """An envelope that knows where its recipients lead."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Place] = []  # one for each of rcpt_tos


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Decide about senders and recipients."""

    settings: MailServerSettings
    book: AddressBook
    inlet: Inlet
    door: Door
    users: Users | None
    clock: Clock
    count: Callable[[str, str], None]  # what became of a mail, and why
    sessions: set[SmtpSession] = field(default_factory=set)
    transactions: set[asyncio.Task[list[Outcome]]] = field(default_factory=set)
    """Mails that are on their way in."""

    def refuse(self, reason: str, answer: str) -> str:
        """Count a refusal; return the answer."""
        self.count("refused", reason)
        return answer

    async def handle_EHLO(  # noqa: N802 -- aiosmtpd calls them so
        self, server: SmtpSession, session: Session, _envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        """Greet, and say what there is: no AUTH where there are no users, no HELP."""
        session.host_name = hostname
        kept = [one for one in replies[:-1] if server.offers_auth or not one.startswith("250-AUTH")]
        return [*kept, "250-PIPELINING", "250 ENHANCEDSTATUSCODES"]

    async def handle_MAIL(  # noqa: N802 -- as above
        self, server: SmtpSession, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Begin a mail."""
        if not _fit(address):
            return self.refuse("bad-address", answers.BAD_ADDRESS)
        if self.door.mail(server.address, self.clock.now_ms()):
            return self.refuse("too-fast", answers.TOO_FAST)
        if await self.inlet.full():
            return self.refuse("away", answers.AWAY)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender taken"

    async def handle_RCPT(  # noqa: N802 -- as above
        self, server: SmtpSession, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient whom we have; no mail is ever passed on to others."""
        assert isinstance(envelope, MailEnvelope)
        if len(envelope.rcpt_tos) >= self.settings.most_recipients:
            return self.refuse("too-many-recipients", answers.TOO_MANY_RECIPIENTS)
        if self.book.empty:
            return self.refuse("away", answers.NOT_YET)
        place = self.book.find(address) if _fit(address) else None
        if place is None:
            return self._unknown(server, address)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        envelope.places.append(place)
        return "250 2.1.5 Recipient taken"

    def _unknown(self, server: SmtpSession, address: str) -> str:
        server.unknown += 1
        if server.unknown > self.settings.most_unknown and not self.door.trusts(server.address):
            server.end_soon()
            return self.refuse("unknown-address", answers.TOO_MANY_UNKNOWN)
        if self.book.serves(address):
            return self.refuse("unknown-address", answers.UNKNOWN)
        return self.refuse("relay", answers.NO_RELAY)

    async def handle_VRFY(  # noqa: N802 -- as above
        self, _server: SmtpSession, _session: Session, _envelope: Envelope, _address: str
    ) -> str:
        """Say nothing about who is here."""
        return "252 2.5.0 Send a mail and see"

    async def handle_exception(self, error: Exception) -> str:
        """Answer for a mistake of ours; the client tries again."""
        log.error("mail session failed", exc_info=error)
        return self.refuse("fault", answers.FAULT)

    def knows(self, address: str, given: LoginPassword) -> bool:
        """Say whether a user's password is right, and count a wrong one."""
        right = self.users is not None and self.users.knows(*given)
        if right:
            self.door.guessed(address)
        else:
            self.count("refused", "password")
        return right


def _fit(address: str) -> bool:
    """Say whether an address could be one: short enough, and without what would break a line (RFC 5321, 4.5.3.1)."""
    return len(address) <= 320 and address.isprintable()


def handed_of(envelope: MailEnvelope, *, source: Source, peer: str) -> dict[str, Handed]:
    """Return what each organisation is handed, by its id: in each the channel that was named first gets the mail."""
    sender = "" if envelope.mail_from == NULL_SENDER else envelope.mail_from or ""
    handed: dict[str, Handed] = {}
    for address, place in zip(envelope.rcpt_tos, envelope.places, strict=True):
        first = handed.get(place.org_id)
        handed[place.org_id] = (
            replace(first, recipients=(*first.recipients, address))
            if first
            else Handed(
                org_id=place.org_id,
                channel=place.channel,
                source=source,
                sender=sender,
                recipients=(address,),
                peer=peer,
            )
        )
    return handed
