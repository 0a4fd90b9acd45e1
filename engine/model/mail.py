"""Mail as it was received, read, and understood: what its reader, its robots' rules and its threading hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


def unencoded(text: str) -> str:
    """Return a text for a header, in which nothing is an encoded word (RFC 2047).

    Python's library decodes what looks like one when a header is set, and writes its line ends as they are: by that
    whoever chose a subject, a name or an address could write headers and text of his own into our mail.
    """
    return text.replace("=?", "= ?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailbox:
    """Somebody as a mail names him; the word of RFC 5322, section 3.4."""

    email: str  # as written, without angle brackets; "" = a name without an address
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailPart:
    """A file that came with a mail, decoded and kept under the hash of what it holds."""

    number: int  # counts from 1, in the order of the mail
    name: str  # made safe; "" = it had none
    content_type: str  # as declared, lower case: "image/png"
    size: int  # bytes, decoded
    sha256: str
    content_id: str = ""  # without angle brackets; what cid: addresses in the HTML name
    inline: bool = False  # meant to be shown within the text


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """What a calendar invitation in a mail says (RFC 5546)."""

    method: str  # "REQUEST", "CANCEL", "REPLY", …
    uid: str = ""
    summary: str = ""
    location: str = ""
    organiser: str = ""
    start_ms: int = 0
    end_ms: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedMail:
    """A mail, read whatever was wrong with it, in bounds that its reader states."""

    message_id: str = ""  # without angle brackets; "" = it had none that can be read
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # oldest first
    subject: str = ""
    sender: Mailbox | None = None  # the first of From
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    date_ms: int = 0  # as the sender's clock had it; 0 = not said
    text: str = ""  # what it says, as text: its text part, or what its HTML says
    html: str = ""  # as it came: never to be shown before it was made safe; "" = it has none
    parts: tuple[MailPart, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  # (name in lower case, decoded value), in order, bounded
    report: str = ""  # text of a message/delivery-status or message/feedback-report part
    returned: tuple[tuple[str, str], ...] = ()  # headers of the mail that a report is about
    invitation: Invitation | None = None
    faults: tuple[str, ...] = ()  # what was wrong, or cut, and was read anyhow: short slugs

    def header(self, name: str) -> str:
        """Return the first value of a header, "" when there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a header, in order."""
        return tuple(value for key, value in self.headers if key == name)


class MailNature(StrEnum):
    """Who wrote a mail, as far as it tells; only a person's opens a case or draws an answer."""

    PERSON = "person"
    AUTO_REPLY = "auto_reply"  # an acknowledgement or another answer by a machine
    OUT_OF_OFFICE = "out_of_office"
    BOUNCE = "bounce"  # a delivery failed, was delayed, or was done
    COMPLAINT = "complaint"  # abuse report (RFC 5965)
    LIST = "list"  # a mailing list or a newsletter
    OWN = "own"  # we wrote it ourselves


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedAddress:
    """What a delivery report says of one recipient (RFC 3464)."""

    email: str
    action: str = "failed"  # failed | delayed | delivered | relayed | expanded
    status: str = ""  # "5.1.1" (RFC 3463); "" = not said
    diagnostic: str = ""

    @property
    def permanent(self) -> bool:
        """Say whether it will not do to try again."""
        return self.action == "failed" and not self.status.startswith("4")


@dataclass(frozen=True, kw_only=True, slots=True)
class Nature:
    """What kind of mail it is, and why we think so."""

    kind: MailNature
    why: str = ""  # the rule that told: "auto-submitted: auto-replied"
    failed: tuple[FailedAddress, ...] = ()  # of a bounce
    about: str = ""  # Message-ID of the mail of ours that a report is about


class ThreadClue(StrEnum):
    """What ties a mail to a conversation, strongest first."""

    TOKEN = "token"  # noqa: S105 - not a password: the signed part of the address it was sent to
    REPLY = "reply"  # In-Reply-To or References name a mail that we know
    MARKER = "marker"  # the signed line in the quoted text
    NUMBER = "number"  # a case's number in the subject


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadMatch:
    """The conversation that a mail belongs to, how surely, and whether it may join it."""

    clue: ThreadClue
    case_id: str
    confidence: int  # 0 … 100
    held: str = ""  # why it may not join by itself: "stranger", …; "" = it may
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forwarded:
    """A mail that somebody passed on."""

    sender: Mailbox | None
    subject: str = ""
    date: str = ""  # as written
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailBody:
    """The text of a mail taken apart; the pieces in order give the whole."""

    new: str  # what was written now
    quoted: str = ""
    signature: str = ""
    forwarded: Forwarded | None = None
    rules: tuple[str, ...] = ()  # which rules cut, for the explanation


@dataclass(frozen=True, kw_only=True, slots=True)
class Authenticity:
    """What is known of whether a mail is from whom it says: results of RFC 8601."""

    spf: str = ""  # pass | fail | softfail | neutral | none | temperror | permerror; "" = not known
    dkim: str = ""
    dmarc: str = ""
    by: str = ""  # the server that checked
    detail: Mapping[str, str] = field(default_factory=dict)
