"""What mail comes into, and mails to send there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from engine.channels.email.inlet import Inlet
from engine.model.mail_record import Mail
from engine.store.blobs import Blobs
from engine.store.store import Store

MAIL = (
    b"Message-ID: <1@customer.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
    b"From: Ada <ada@customer.example>\r\nTo: desk@shop.example\r\nSubject: Kettle\r\n\r\nIt does not boil.\r\n"
)


@dataclass
class House:
    """A record with a store of sources, and the way in."""

    store: Store
    blobs: Blobs
    inlet: Inlet
    directory: Path

    async def mails(self, org_id: str = "acme") -> list[Mail]:
        """Return the mails on the record, oldest first."""
        return list(reversed(await self.store.mails.list(org_id, limit=1_000)))

    async def source(self, mail: Mail) -> bytes:
        """Return a mail's source as it is kept."""
        return b"".join([piece async for piece in self.blobs.read(mail.received.sha256)])

    def files(self) -> list[Path]:
        """Return every file of the store of sources, unfinished ones too."""
        return [path for path in (self.directory / "attachments").rglob("*") if path.is_file()]


async def pieces(source: bytes, size: int = 1_000) -> AsyncIterator[bytes]:
    """Yield a source in pieces."""
    for start in range(0, len(source), size):
        yield source[start : start + size]
