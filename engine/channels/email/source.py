"""The source of a mail that is sent: composed once, signed, kept; every try sends the same bytes.

It waits for its turn on the disk, and is in memory only while it is composed and while it is handed over.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from engine.channels.email.compose import Enclosure, Letter, message_of, source_of
from engine.channels.email.dkim_signing import sign
from engine.channels.email.room import Room
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

    async def size(self, sha256: str) -> int:
        """Return a file's bytes; raise NotFound."""
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
    room: Room = field(default_factory=Room)

    async def of(self, relay: str, claimed: Callable[[], DueMail], email: Email) -> str | None:
        """Return the hash under which lies what is sent over ``relay``; None when the claim was lost meanwhile.

        ``claimed`` returns the claim as it stands, which is renewed meanwhile. Raises InvalidInput for what can be no
        mail, NotFound for a key or a file that is not there.
        """
        due = claimed()
        if due.raw_sha256:
            return due.raw_sha256
        async with self.room.of(relay, sum(one.size for one in due.mail.files)):
            kept = await self._composed(due.mail, email)
        failpoint("mail.after-compose")
        return kept if await self.outbox.composed(claimed(), kept) else None

    @contextlib.asynccontextmanager
    async def held(self, relay: str, sha256: str) -> AsyncIterator[bytes]:
        """Wait for room and hold a source in it; raise NotFound."""
        async with self.room.of(relay, await self.blobs.size(sha256)):
            yield await self._read(sha256)

    async def _composed(self, mail: OutgoingMail, email: Email) -> str:
        letter = await self._letter(mail)
        source = await asyncio.to_thread(lambda: source_of(message_of(letter)))
        if email.dkim_selector:
            source = await self._signed(mail, email, source)
        return (await self.blobs.write(_once(source), most_bytes=MOST_BYTES)).sha256

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
