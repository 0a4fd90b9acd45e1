"""Files on cases: the content goes to the disk first, then its name into the record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.clock import Clock
from engine.errors import InvalidInput
from engine.failpoints import failpoint
from engine.ids import NewId
from engine.model.case import Case
from engine.model.case_parts import Attachment

MOST_BYTES = 26_214_400
"""Longest file: 25 MiB."""
LONGEST_NAME = 200
SHOWN_TYPES = frozenset({"application/pdf", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain"})
"""Media types that are told again as they were given. Everything else is just bytes: nothing may run in a browser."""
BYTES = "application/octet-stream"


class KeptBlob(Protocol):
    """A file that is on the disk."""

    @property
    def sha256(self) -> str:
        """Return the hash under which it is kept."""
        ...

    @property
    def size(self) -> int:
        """Return its bytes."""
        ...


class BlobStore(Protocol):
    """Keep files by their content."""

    async def write(self, chunks: AsyncIterator[bytes], *, most_bytes: int) -> KeptBlob:
        """Keep what comes; return it once it is safely on the disk."""
        ...

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield a file in pieces."""
        ...


class AttachmentRecord(Protocol):
    """Name files on cases."""

    async def get(self, org_id: str, case_id: str) -> Case:
        """Return a case; raise NotFound."""
        ...


class AttachmentRows(Protocol):
    """Keep the rows of files."""

    async def attachments(self, org_id: str, case_id: str) -> Sequence[Attachment]:
        """Return the files of a case."""
        ...

    async def attachment(self, org_id: str, attachment_id: str) -> Attachment:
        """Return a file's row; raise NotFound."""
        ...

    async def attach(self, attachment: Attachment) -> Attachment:
        """Name a file on a case, once."""
        ...

    async def detach(self, org_id: str, attachment_id: str, *, actor_id: str, now_ms: int) -> None:
        """Take a file off its case."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAttachment:
    """What is said of a file that comes."""

    org_id: str
    case_id: str
    name: str
    media_type: str
    public: bool
    actor_id: str


class Attachments:
    """Take files in, hand them out."""

    def __init__(
        self, *, blobs: BlobStore, cases: AttachmentRecord, rows: AttachmentRows, clock: Clock, new_id: NewId
    ) -> None:
        self._blobs = blobs
        self._cases = cases
        self._rows = rows
        self._clock = clock
        self._new_id = new_id

    async def add(self, new: NewAttachment, chunks: AsyncIterator[bytes]) -> Attachment:
        """Keep a file on a case. The same content under the same name is there once.

        Raises NotFound (``unknown-case``), InvalidInput (``too-large``), Conflict (``too-many``). A crash leaves at
        most a file that nothing names, which is swept away.
        """
        name = checked_name(new.name)
        await self._cases.get(new.org_id, new.case_id)  # before anything of it is kept
        blob = await self._blobs.write(chunks, most_bytes=MOST_BYTES)
        failpoint("attachment.after-file")
        return await self._rows.attach(
            Attachment(
                id=self._new_id(),
                org_id=new.org_id,
                case_id=new.case_id,
                name=name,
                media_type=checked_type(new.media_type),
                size=blob.size,
                sha256=blob.sha256,
                public=new.public,
                added_by=new.actor_id,
                added_ms=self._clock.now_ms(),
            )
        )

    async def list(self, org_id: str, case_id: str) -> Sequence[Attachment]:
        """Return the files of a case, oldest first; raise NotFound."""
        return await self._rows.attachments(org_id, case_id)

    async def open(self, org_id: str, attachment_id: str) -> tuple[Attachment, AsyncIterator[bytes]]:
        """Return a file and its content; raise NotFound."""
        attachment = await self._rows.attachment(org_id, attachment_id)
        return attachment, self._blobs.read(attachment.sha256)

    async def remove(self, org_id: str, attachment_id: str, *, actor_id: str) -> None:
        """Take a file off its case; raise NotFound."""
        await self._rows.detach(org_id, attachment_id, actor_id=actor_id, now_ms=self._clock.now_ms())


def checked_name(name: str) -> str:
    """Return a file's name without its directories; raise InvalidInput."""
    last = name.replace("\\", "/").rpartition("/")[2].strip()
    if not last or len(last) > LONGEST_NAME or not last.isprintable() or set(last) == {"."}:
        raise InvalidInput(f"A file has a name of at most {LONGEST_NAME} printable characters.", field="name")
    return last


def checked_type(media_type: str) -> str:
    """Return the media type to tell of a file: one that is harmless to show, else just bytes."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain if plain in SHOWN_TYPES else BYTES
