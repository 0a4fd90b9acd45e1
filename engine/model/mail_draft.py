"""A mail that somebody is about to write: what he asks for, what is proposed, what he makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.case_parts import Attachment
from engine.model.mail import Mailbox
from engine.model.mail_record import OutgoingKind
from engine.model.mail_sending import MailAddress


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What kind of mail is asked for."""

    kind: OutgoingKind | None = None  # None: an answer where there is something to answer, else a new one
    answers: str = ""  # id of a received mail; "" = the newest that a person wrote
    everybody: bool = False  # reply to all
    channel: str = ""  # "" = that of what is answered, else the case's, else the first that can write
    language: str = ""  # "" = the customer's


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedMail:
    """A mail as it would go out, but for the words of its author."""

    kind: OutgoingKind
    channel: str
    interaction_id: str
    answers: str
    sender: Mailbox
    reply_to: str
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    language: str
    signature: str
    quotation: str
    files: tuple[Attachment, ...]  # of the mail that is passed on
    undo_ms: int
    doubtful: tuple[MailAddress, ...]  # recipients whose mail comes back


@dataclass(frozen=True, kw_only=True, slots=True)
class MailDraft:
    """A mail as its author wants it; what is None is as ``prepare`` says."""

    client_id: str
    wanted: Wanted
    body: str
    to: tuple[Mailbox, ...] | None = None
    cc: tuple[Mailbox, ...] | None = None
    bcc: tuple[Mailbox, ...] = ()
    subject: str | None = None
    signature: str | None = None
    quotation: str | None = None
    attachment_ids: tuple[str, ...] = ()
    send_ms: int = 0  # not before; 0 = after the time in which it can be taken back
    anyhow: bool = False  # also to addresses whose mail comes back
