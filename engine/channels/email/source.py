"""The source of a mail that is sent: composed once, signed, kept; every try sends the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from engine.channels.email.compose import Enclosure, Letter, message_of, source_of
from engine.channels.email.dkim_signing import sign
from engine.clock import Clock
from engine.errors import InvalidInput
from engine.failpoints import failpoint
from engine.model.mail_channel import Email
from engine.model.mail_record import OutgoingMail
from engine.model.mail_sending import DueMail

MOST_BYTES = 104_857_600


class KeptBlob(Protocol):
    """A file that is on the disk."""

    @property
    def sha256(self) -> str:
        """Return the hash under which it is kept."""
        ...


class BlobStore(Protocol):
    """Keep files by their content."""

    async def write(self, chunks: AsyncIterator[bytes], *, most_bytes: int) -> KeptBlob:
        """Keep what comes; return it once it is safely on the disk."""
        ...

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield a file in pieces; raise NotFound."""
        ...


class Composed(Protocol):
    """Note what was composed."""

    async def composed(self, due: DueMail, sha256: str) -> bool:
        """Note the source that every try sends; False when the claim is lost, or another one is noted."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Make sources, or find them again."""

    blobs: BlobStore
    outbox: Composed
    read_secret: Callable[[str, str], str]  # organisation, name; blocks; raises NotFound
    clock: Clock

    async def of(self, claimed: Callable[[], DueMail], email: Email) -> bytes | None:
        """Return the bytes that are sent; None when the claim was lost meanwhile.

        ``claimed`` returns the claim as it stands, which is renewed meanwhile. Raises InvalidInput for what can be no
        mail, NotFound for a key or a file that is not there.
        """
        due = claimed()
        if due.raw_sha256:
            return await self._read(due.raw_sha256)
        letter = await self._letter(due.mail)
        source = await asyncio.to_thread(lambda: source_of(message_of(letter)))
        if email.dkim_selector:
            source = await self._signed(due.mail, email, source)
        blob = await self.blobs.write(_once(source), most_bytes=MOST_BYTES)
        failpoint("mail.after-compose")
        return source if await self.outbox.composed(claimed(), blob.sha256) else None

    async def _signed(self, mail: OutgoingMail, email: Email, source: bytes) -> bytes:
        key = await asyncio.to_thread(self.read_secret, mail.org_id, email.dkim_secret)
        domain = mail.sender.email.rpartition("@")[2]
        at_s, selector = self.clock.now_ms() // 1000, email.dkim_selector
        return await asyncio.to_thread(sign, source, domain=domain, selector=selector, key=key, at_s=at_s)

    async def _letter(self, mail: OutgoingMail) -> Letter:
        enclosures = [
            Enclosure(
                name=one.name,
                content_type=one.media_type,
                content=await self._read(one.sha256),
                content_id=one.content_id,
            )
            for one in mail.files
        ]
        return Letter(
            sender=mail.sender,
            to=mail.to,
            cc=mail.cc,
            bcc=mail.bcc,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            message_id=mail.message_id,
            in_reply_to=mail.in_reply_to,
            references=mail.references,
            reply_to=mail.reply_to,
            at_ms=self.clock.now_ms(),
            automatic=mail.automatic,
            language=mail.language,
            enclosures=tuple(enclosures),
        )

    async def _read(self, sha256: str) -> bytes:
        found = bytearray()
        async for chunk in self.blobs.read(sha256):
            found += chunk
            if len(found) > MOST_BYTES:
                raise InvalidInput("the mail is too large")
        return bytes(found)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
