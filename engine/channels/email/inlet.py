"""The one way in for mail: its source is made durable, then its row is committed; only then is it taken.

Whoever hands a mail over (SMTP, LMTP, IMAP) answers for it until ``take`` has returned. What happens in between:

- the process dies while the source is written: nothing is kept;
- it dies behind that: a file that no row names, swept away;
- it dies behind the commit, before anybody was told: the mail is handed over again, has the same fingerprint, and is
  answered as the first time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.channels.email.fingerprint import Fingerprint
from engine.clock import Clock
from engine.errors import CordboardError, InvalidInput, Unavailable
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.mail_record import Envelope, ReceivedMail

MOST_HOPS = 50
"""Lines ``Received`` of a mail: with more it is going round in circles (RFC 5321, section 6.3)."""
BUFFER = 131_072
"""Bytes of a mail gathered before they are written; many mails come at once."""


class Kept(Protocol):
    """A file that is safely on the disk."""

    @property
    def sha256(self) -> str:
        """Return the hash that it is found by."""
        ...

    @property
    def size(self) -> int:
        """Return its bytes."""
        ...


class Sources(Protocol):
    """Keep the sources of mails."""

    async def write(self, chunks: AsyncIterator[bytes], *, most_bytes: int, buffer: int) -> Kept:
        """Keep what comes, safely on the disk; raise InvalidInput (``too-large``)."""
        ...


class Disk(Protocol):
    """Where sources are kept."""

    async def full(self) -> bool:
        """Say whether nothing more should be written there; asked for each piece of a mail."""
        ...


class Received(Protocol):
    """The record of received mails."""

    async def receive(self, mail: ReceivedMail) -> bool:
        """Commit a mail's row; return whether it is new. The row of one with the same fingerprint stays as it is."""
        ...

    async def known(self, org_id: str, fingerprint: str) -> str:
        """Return the id of the mail with this fingerprint, "" when there is none."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A mail that is on the record now."""

    mail_id: str
    repeated: bool  # it was there before
    sha256: str
    size: int  # bytes


Outcome = Taken | CordboardError
"""What became of a mail for one organisation."""


class Inlet:
    """Take mails for good."""

    def __init__(
        self,
        *,
        sources: Sources,
        received: Received,
        clock: Clock,
        new_id: NewId,
        disk: Disk | None = None,
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        """``taken`` is called for each new mail, so that it is read at once; ``disk``: None = it is never full."""
        self._disk = disk
        self._sources = sources
        self._received = received
        self._clock = clock
        self._new_id = new_id
        self.taken = taken

    async def full(self) -> bool:
        """Say whether there is no room for mail now."""
        return self._disk is not None and await self._disk.full()

    async def take(self, envelope: Envelope, chunks: AsyncIterator[bytes], *, most_bytes: int) -> Taken:
        """Take one mail for one channel; return once it is durable. A repeat answers the same and changes nothing.

        Raises:
            InvalidInput: ``too-large``, or ``mail-loop`` for one that more than 50 servers have handed on.
            Unavailable: the disk or the record is away; nothing was taken, or it may be taken again.
        """
        (outcome,) = await self.take_each((envelope,), chunks, most_bytes=most_bytes)
        if isinstance(outcome, CordboardError):
            raise outcome
        return outcome

    async def take_each(
        self, envelopes: Sequence[Envelope], chunks: AsyncIterator[bytes], *, most_bytes: int
    ) -> list[Outcome]:
        """Take one mail for several organisations; return what became of it for each, in order.

        Raises as ``take`` does where nobody's is taken.
        """
        fingerprint = Fingerprint()
        try:
            kept = await self._sources.write(self._read(chunks, fingerprint), most_bytes=most_bytes, buffer=BUFFER)
        except (ConnectionError, TimeoutError):  # of whoever hands it over
            raise
        except OSError as error:
            raise Unavailable(f"a mail cannot be kept: {error.strerror or error}", slug="storage-away") from error
        failpoint("mail.after-blob")
        if fingerprint.received > MOST_HOPS:
            raise InvalidInput(f"the mail came through more than {MOST_HOPS} servers", slug="mail-loop")
        return [await self._receive(envelope, kept, fingerprint) for envelope in envelopes]

    async def _receive(self, envelope: Envelope, kept: Kept, fingerprint: Fingerprint) -> Outcome:
        mail = ReceivedMail(
            id=self._new_id(),
            envelope=envelope,
            fingerprint=fingerprint.hex(envelope.mailbox or envelope.channel),
            sha256=kept.sha256,
            size=kept.size,
            received_ms=self._clock.now_ms(),
        )
        try:
            new = await self._received.receive(mail)
            mail_id = mail.id if new else await self._received.known(envelope.org_id, mail.fingerprint)
        except CordboardError as error:
            return error
        failpoint("mail.after-receive")
        if new:
            self.taken()
        return Taken(mail_id=mail_id, repeated=not new, sha256=kept.sha256, size=kept.size)

    async def _read(self, chunks: AsyncIterator[bytes], fingerprint: Fingerprint) -> AsyncIterator[bytes]:
        """Yield what comes, as long as there is room for it: what is full here is full for the record as well."""
        async for chunk in chunks:
            if await self.full():
                raise Unavailable("there is no room for mail", slug="storage-away")
            fingerprint.add(chunk)
            yield chunk
