"""What writing mail needs of the record, of customers and of the configuration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.channels.email.drafting import Fill
from engine.channels.email.writers import Pace
from engine.clock import Clock
from engine.ids import NewId
from engine.model.case import Case
from engine.model.case_parts import Attachment
from engine.model.conversation import Entry
from engine.model.mail_record import Mail, OutgoingMail
from engine.model.mail_sending import MailAddress, Settled, WrittenMail
from engine.model.organisation import Organisation


class OutgoingRecord(Protocol):
    """Keep mail that is to be sent."""

    async def write(self, mail: OutgoingMail, said: str, *, author_name: str, now_ms: int) -> WrittenMail:
        """Put a mail into the outbox and the transcript. Idempotent."""
        ...

    async def written(self, org_id: str, author_id: str, client_id: str) -> OutgoingMail | None:
        """Return the mail that an author wrote under an id of his own."""
        ...

    async def get(self, org_id: str, mail_id: str) -> OutgoingMail:
        """Return a mail; raise NotFound."""
        ...

    async def of_case(self, org_id: str, case_id: str, *, limit: int = 200) -> Sequence[OutgoingMail]:
        """Return a case's newest mails, oldest first."""
        ...

    async def cancel(self, org_id: str, mail_id: str, *, now_ms: int) -> Settled:
        """Take a mail back; raise NotFound, Conflict."""
        ...

    async def hurry(self, org_id: str, mail_id: str, *, now_ms: int) -> OutgoingMail:
        """Let a mail be tried at once; raise NotFound, Conflict."""
        ...


class ReceivedRecord(Protocol):
    """Read received mails."""

    async def get(self, org_id: str, mail_id: str) -> Mail:
        """Return a mail; raise NotFound."""
        ...

    async def of_case(self, org_id: str, case_id: str, *, limit: int = 200) -> Sequence[Mail]:
        """Return the mails of a case, newest first."""
        ...


class Cases(Protocol):
    """Read cases."""

    async def get(self, org_id: str, case_id: str) -> Case:
        """Return a case; raise NotFound."""
        ...


class Files(Protocol):
    """Read the files of cases."""

    async def attachment(self, org_id: str, attachment_id: str) -> Attachment:
        """Return a file's row; raise NotFound."""
        ...

    async def attachments(self, org_id: str, case_id: str) -> Sequence[Attachment]:
        """Return the files of a case."""
        ...


class Addresses(Protocol):
    """Know addresses."""

    async def known(self, org_id: str, emails: Sequence[str]) -> Sequence[MailAddress]:
        """Return what is known of addresses."""
        ...

    async def clear(self, org_id: str, email: str) -> None:
        """Forget that an address bounced or complained."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of a case's customer, for texts."""

    name: str = ""
    email: str = ""
    language: str = ""
    values: Mapping[str, str]  # of placeholders


class Customers(Protocol):
    """Know customers."""

    async def of_case(self, org_id: str, case_id: str, *, agent_name: str) -> Known:
        """Return what is known of a case's customer."""
        ...


class Organisations(Protocol):
    """Know the configuration in force."""

    def get(self, org_id: str) -> Organisation:
        """Return the organisation; raise NotFound."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class WritingParts:
    """What writing needs."""

    outgoing: OutgoingRecord
    mails: ReceivedRecord
    cases: Cases
    files: Files
    addresses: Addresses
    customers: Customers
    organisations: Organisations
    secret: Callable[[str], Awaitable[bytes]]  # of an organisation's tokens
    fill: Fill
    told: Callable[[str, Sequence[Entry]], None]  # organisation, lines of transcripts that were written
    wake: Callable[[], None]  # the sender has something to do
    pace: Pace
    clock: Clock
    new_id: NewId
