"""What reading and deciding about mail asks of the rest of the engine; ``engine/wiring`` hands it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.channels.email.judging import Classify, Judged, Place
from engine.channels.email.reading.pool import ReadMail
from engine.model.casework import Decide
from engine.model.conversation import Entry
from engine.model.mail import ParsedMail
from engine.model.mail_filing import Acknowledging, FiledMail, MailOrder, Sought, Threads
from engine.model.mail_record import Mail, MailFile, MailState, MailSummary, ReceivedMail
from engine.model.organisation import Organisation
from engine.model.work import WorkItem


class Mails(Protocol):
    """Received mails (record)."""

    async def unread(self, *, now_ms: int, limit: int) -> Sequence[ReceivedMail]:
        """Return mails that are to be read now, in the order they came."""
        ...

    async def put_off(self, org_id: str, mail_id: str, *, why: str, next_ms: int) -> None:
        """Note that a mail was read in vain, and when it is read again."""
        ...

    async def quarantine(self, org_id: str, mail_id: str, *, why: str, now_ms: int) -> bool:
        """Note that a mail cannot be read."""
        ...

    async def get(self, org_id: str, mail_id: str) -> Mail:
        """Return a mail; raise NotFound (``unknown-mail``)."""
        ...

    async def files(self, org_id: str, mail_id: str) -> Sequence[MailFile]:
        """Return a mail's files."""
        ...

    async def list(
        self, org_id: str, *, state: MailState | None, channel: str, before: str, limit: int
    ) -> Sequence[Mail]:
        """Return mails, newest first."""
        ...

    async def discard(self, org_id: str, mail_id: str, *, actor_id: str, now_ms: int) -> Mail:
        """Throw a held or quarantined mail away; raise NotFound, Conflict (``already-decided``)."""
        ...

    async def retry(self, org_id: str, mail_id: str, *, actor_id: str, now_ms: int) -> Mail:
        """Let a quarantined mail be read again; raise NotFound, Conflict (``already-decided``)."""
        ...


class FilingRecord(Protocol):
    """File mails, each in one transaction (record)."""

    async def file(self, order: MailOrder) -> FiledMail:
        """Do what is ordered of a mail, once."""
        ...


class ThreadRecord(Protocol):
    """Know what mails name (record)."""

    async def find(self, org_id: str, sought: Sought) -> Threads:
        """Return what is known of what a mail names."""
        ...


class Files(Protocol):
    """Files by their content."""

    def place(self, sha256: str) -> Path:
        """Return where a file lies; it may be gone."""
        ...

    def aside(self, directory: Path, hashes: Sequence[str]) -> Mapping[str, str]:
        """Take files out of a directory where they lie under their hashes."""
        ...

    async def adopt(self, taken: Mapping[str, str]) -> None:
        """Keep files that were taken aside; return once they are on the disk."""
        ...


class MailReaders(Protocol):
    """Read mails in processes of their own."""

    def reading(self, path: Path, *, whose: str = "") -> AbstractAsyncContextManager[ReadMail]:
        """Read the mail in a file, organisations in turn; raise Unreadable."""
        ...


class Organisations(Protocol):
    """The configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return an organisation; raise NotFound."""
        ...


class Publisher(Protocol):
    """Tell who listens of new lines of transcripts."""

    def publish(self, entries: Iterable[Entry], *, org_id: str) -> None:
        """Tell of committed entries."""
        ...


Acknowledge = Callable[[Place, Judged, ParsedMail, MailSummary, ReceivedMail], Awaitable[Acknowledging | None]]
"""Say what a machine answers to a mail; None: nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailParts:
    """What mail is read and filed with."""

    mails: Mails
    filing: FilingRecord
    threads: ThreadRecord
    files: Files
    readers: MailReaders
    organisations: Organisations
    publish: Publisher
    enter: Callable[[WorkItem], Awaitable[None]]  # put new work on the board; raises nothing
    secret: Callable[[str], Awaitable[bytes]]  # of an organisation's tokens
    classify: Classify
    reopen: Callable[[Organisation], Decide]
    media_type: Callable[[str], str]  # what is told of a file: one that is harmless to show, else just bytes
    acknowledge: Acknowledge
    count: Callable[[str, str], None]  # what became of a mail, and of what nature it is
    places: dict[tuple[str, str], Place] = field(default_factory=dict)  # by organisation and channel, as last asked for
