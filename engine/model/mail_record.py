"""Mail on the record: what was received and what became of it; what is to be sent and how far that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.mail import Authenticity, FailedAddress, Invitation, MailBody, Mailbox, MailNature, MailPart


class MailState(StrEnum):
    """Where a received mail stands."""

    RECEIVED = "received"  # its source is durable; nobody has read it yet
    FILED = "filed"  # it is in a conversation
    JOINED = "joined"  # … whose work was open: looked at again once that ends
    SIGNAL = "signal"  # of a machine: noted, opens nothing
    HELD = "held"  # somebody has to decide whether it may join the case that it names
    QUARANTINED = "quarantined"  # it could not be read
    DISCARDED = "discarded"  # a person threw it away


class Source(StrEnum):
    """How a mail came."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMAP = "imap"


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What is known of a mail before it is read."""

    org_id: str
    channel: str
    source: Source
    mailbox: str = ""  # key of the mailbox, folder and number there, of IMAP: "support/INBOX/17/4211"
    sender: str = ""  # MAIL FROM; "" = the null sender, or not known
    recipients: tuple[str, ...] = ()  # RCPT TO
    peer: str = ""  # network address and name of who handed it over, for abuse handling


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedMail:
    """A mail whose source is durable: the row that is committed before anybody is told that it was taken."""

    id: str
    envelope: Envelope
    fingerprint: str  # the same mail has the same one, however often and by whatever way it comes
    sha256: str  # of the source, under which the blob store has it
    size: int  # bytes
    received_ms: int
    state: MailState = MailState.RECEIVED
    tries: int = 0  # how often it was read in vain


@dataclass(frozen=True, kw_only=True, slots=True)
class MailSummary:
    """What a mail said, as the record keeps it and agents see it."""

    subject: str = ""
    sender: Mailbox | None = None
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()  # In-Reply-To included, oldest first
    date_ms: int = 0
    body: MailBody
    language: str = ""
    parts: tuple[MailPart, ...] = ()
    html_sha256: str = ""  # its HTML as it came, in the blob store
    invitation: Invitation | None = None
    authenticity: Authenticity = field(default_factory=Authenticity)
    failed: tuple[FailedAddress, ...] = ()
    about: str = ""  # Message-ID of the mail of ours that a report is about
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """A received mail with what became of it."""

    received: ReceivedMail
    summary: MailSummary | None = None  # None until it was read
    nature: MailNature | None = None
    reason: str = ""  # why it is held, quarantined or a signal: a slug
    clue: str = ""  # what tied it to its case
    confidence: int = 0
    case_id: str = ""
    interaction_id: str = ""
    contact_id: str = ""
    item_id: str = ""
    entry_seq: int = 0
    decided_by: str = ""  # user id, of one that was held or quarantined
    filed_ms: int = 0

    @property
    def state(self) -> MailState:
        """Return where it stands."""
        return self.received.state


@dataclass(frozen=True, kw_only=True, slots=True)
class MailFile:
    """A file of a received mail, or its HTML, which is the one at position 0; it lies in the blob store."""

    mail_id: str
    position: int  # 0 = its HTML, else as the parts are numbered
    name: str
    media_type: str
    size: int  # bytes
    sha256: str
    content_id: str = ""  # what cid: addresses in its HTML name
    attachment_id: str = ""  # of the case; "" = not named there
    inline: bool = False


class OutgoingKind(StrEnum):
    """Why a mail is sent."""

    REPLY = "reply"
    NEW = "new"  # an agent begins to write
    FORWARD = "forward"
    ACKNOWLEDGEMENT = "acknowledgement"  # by a machine: answered by none


class OutgoingState(StrEnum):
    """Where a mail that is sent stands."""

    WAITING = "waiting"  # for its time, the relay, or another try
    SENT = "sent"  # every recipient's server has it
    FAILED = "failed"  # some recipient's never will
    CANCELLED = "cancelled"  # taken back before it went


class RecipientState(StrEnum):
    """Where a mail stands for one recipient."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"  # sent, and came back


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingRecipient:
    """One address that a mail goes to."""

    email: str
    state: RecipientState = RecipientState.WAITING
    code: int = 0  # of the relay's last answer
    said: str = ""
    tries: int = 0
    next_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingFile:
    """A file that goes with a mail; it lies in the blob store."""

    name: str
    media_type: str
    size: int
    sha256: str
    content_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingMail:
    """A mail in the outbox. Its Message-ID is made with it, so that sending it again is no second mail."""

    id: str
    org_id: str
    channel: str
    kind: OutgoingKind
    case_id: str
    interaction_id: str = ""
    answers: str = ""  # id of the received mail that it answers
    author_id: str = ""  # user id; "" = a machine
    client_id: str = ""  # the writer's own id: a repeat is the same mail
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sender: Mailbox
    reply_to: str = ""
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    subject: str
    text: str  # all of it: signature, quotation and marker included
    html: str = ""
    language: str = ""
    automatic: bool = False
    files: tuple[OutgoingFile, ...] = ()
    created_ms: int
    not_before_ms: int = 0  # until then it can be taken back
    state: OutgoingState = OutgoingState.WAITING
    recipients: tuple[OutgoingRecipient, ...] = ()
    blocked: bool = False  # set aside: its channel cannot send now
    entry_seq: int = 0
    sent_ms: int = 0
    fault: str = ""  # what is wrong, for the agent
