"""Mail on its way out: what the sender claims, what came of a try, what is known of an address."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.conversation import Entry
from engine.model.mail_record import OutgoingMail, RecipientState


@dataclass(frozen=True, kw_only=True, slots=True)
class DueMail:
    """A mail that is to be tried now; nobody else tries it before ``until_ms``."""

    mail: OutgoingMail
    raw_sha256: str  # of its source as every try sends it; "" = not composed yet
    until_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What came of one try for one recipient."""

    email: str
    state: RecipientState  # WAITING: another try at ``next_ms``
    code: int = 0  # of the relay's answer; 0 = it gave none
    said: str = ""
    next_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """A mail after a try, or after a report of it came back, with the lines that tell of it in its transcript."""

    mail: OutgoingMail
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MailAddress:
    """What is known of an address that mail goes to."""

    email: str  # lower case
    status: str = ""  # of the last bounce (RFC 3463)
    diagnostic: str = ""
    bounces: int = 0  # in a row
    permanent: bool = False  # the last bounce was for good
    bounced_ms: int = 0
    complained_ms: int = 0  # its owner called our mail abuse
    acknowledged_ms: int = 0  # a machine of ours answered it the last time
    acknowledgements: int = 0

    @property
    def doubtful(self) -> bool:
        """Say whether who writes to it should be warned."""
        return self.permanent or self.complained_ms > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenMail:
    """A mail that somebody wrote, with its line in the transcript."""

    mail: OutgoingMail
    entries: tuple[Entry, ...] = ()
    repeated: bool = False  # it was there before


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockedChannel:
    """A channel that cannot send, and has mail which waits for that."""

    channel: str
    fault: str
    mails: int
    since_ms: int  # when the oldest of them was written
