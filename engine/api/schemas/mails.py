"""Mails at the border: who wrote what to whom, what became of it, and how far it is to be believed."""

from typing import Annotated, Self

from pydantic import Field

from engine.api.schemas.model import Answer, Request
from engine.channels.email.held import Decision
from engine.channels.email.shown import parts_of
from engine.clock import rfc3339
from engine.model.mail import Authenticity, Forwarded, Invitation, Mailbox, MailNature, MailPart
from engine.model.mail_record import Mail, MailState, Source


class MailDecision(Request):
    """What is to become of a mail."""

    decision: Decision
    case_id: Annotated[str, Field(max_length=40, description="The case to join; empty: the one that it names.")] = ""


def _time(at_ms: int) -> str | None:
    return rfc3339(at_ms) if at_ms else None


class MailboxAnswer(Answer):
    """Somebody as a mail names him."""

    email: str
    name: str

    @classmethod
    def of(cls, one: Mailbox) -> Self:
        """Build from the noun."""
        return cls(email=one.email, name=one.name)


class MailFileAnswer(Answer):
    """A file that came with a mail."""

    number: int
    name: str
    media_type: str
    size: int
    inline: bool  # meant to be shown within the text

    @classmethod
    def of(cls, one: MailPart) -> Self:
        """Build from the noun."""
        return cls(number=one.number, name=one.name, media_type=one.content_type, size=one.size, inline=one.inline)


class ForwardedAnswer(Answer):
    """A mail that its sender passed on."""

    sender: MailboxAnswer | None
    subject: str
    date: str  # as written
    text: str

    @classmethod
    def of(cls, one: Forwarded) -> Self:
        """Build from the noun."""
        sender = MailboxAnswer.of(one.sender) if one.sender else None
        return cls(sender=sender, subject=one.subject, date=one.date, text=one.text)


class InvitationAnswer(Answer):
    """A calendar invitation in a mail."""

    method: str
    summary: str
    location: str
    organiser: str
    start_at: str | None
    end_at: str | None

    @classmethod
    def of(cls, one: Invitation) -> Self:
        """Build from the noun."""
        return cls(
            method=one.method,
            summary=one.summary,
            location=one.location,
            organiser=one.organiser,
            start_at=_time(one.start_ms),
            end_at=_time(one.end_ms),
        )


class AuthenticityAnswer(Answer):
    """Whether a mail is from whom it says, as the server that checked it said; "" = not known."""

    spf: str
    dkim: str
    dmarc: str
    by: str

    @classmethod
    def of(cls, one: Authenticity) -> Self:
        """Build from the noun."""
        return cls(spf=one.spf, dkim=one.dkim, dmarc=one.dmarc, by=one.by)


class FailedAddressAnswer(Answer):
    """What a bounce says of one recipient."""

    email: str
    action: str
    status: str
    diagnostic: str


class MailLine(Answer):
    """A mail in a list: who wrote it, what it is about, and where it stands."""

    id: str
    channel: str
    source: Source
    state: MailState
    reason: str  # why it is held, quarantined or a signal
    nature: MailNature | None  # None until it was read
    subject: str
    sender: MailboxAnswer | None
    envelope_from: str
    received_at: str
    size: int  # bytes of its source
    files: int
    tries: int  # how often it was read in vain
    dmarc: str
    clue: str  # what tied it to its case
    confidence: int
    case_id: str
    interaction_id: str
    contact_id: str
    decided_by: str

    @classmethod
    def of(cls, one: Mail) -> Self:
        """Build from the noun."""
        return cls(**_line(one))


class MailAnswer(MailLine):
    """A mail: what it says, taken apart; its HTML, source and files have addresses of their own."""

    to: list[MailboxAnswer]
    cc: list[MailboxAnswer]
    reply_to: list[MailboxAnswer]
    envelope_to: list[str]
    peer: str  # who handed it over
    message_id: str
    date_at: str | None  # as the sender's clock had it
    new: str  # what was written now
    quoted: str
    signature: str
    forwarded: ForwardedAnswer | None
    language: str
    html: bool  # it has HTML
    kept: bool  # its source is there
    attached: list[MailFileAnswer]
    invitation: InvitationAnswer | None
    authenticity: AuthenticityAnswer
    failed: list[FailedAddressAnswer]
    faults: list[str]
    entry_seq: int

    @classmethod
    def of(cls, one: Mail) -> Self:
        """Build from the noun."""
        return cls(**_line(one), **_said(one), **_sent(one))


def _line(one: Mail) -> dict[str, object]:
    received, said = one.received, one.summary
    return {
        "id": received.id,
        "channel": received.envelope.channel,
        "source": received.envelope.source,
        "state": one.state,
        "reason": one.reason,
        "nature": one.nature,
        "subject": said.subject if said else "",
        "sender": MailboxAnswer.of(said.sender) if said and said.sender else None,
        "envelope_from": received.envelope.sender,
        "received_at": rfc3339(received.received_ms),
        "size": received.size,
        "files": len(parts_of(one)),
        "tries": received.tries,
        "dmarc": said.authenticity.dmarc if said else "",
        "clue": one.clue,
        "confidence": one.confidence,
        "case_id": one.case_id,
        "interaction_id": one.interaction_id,
        "contact_id": one.contact_id,
        "decided_by": one.decided_by,
    }


def _sent(one: Mail) -> dict[str, object]:
    said, envelope = one.summary, one.received.envelope
    return {
        "to": [MailboxAnswer.of(each) for each in said.to] if said else [],
        "cc": [MailboxAnswer.of(each) for each in said.cc] if said else [],
        "reply_to": [MailboxAnswer.of(each) for each in said.reply_to] if said else [],
        "envelope_to": list(envelope.recipients),
        "peer": envelope.peer,
        "message_id": said.message_id if said else "",
        "date_at": _time(said.date_ms) if said else None,
        "kept": bool(one.received.sha256),
        "entry_seq": one.entry_seq,
    }


def _said(one: Mail) -> dict[str, object]:
    said, body = one.summary, one.summary.body if one.summary else None
    failed = said.failed if said else ()
    return {
        "new": body.new if body else "",
        "quoted": body.quoted if body else "",
        "signature": body.signature if body else "",
        "forwarded": ForwardedAnswer.of(body.forwarded) if body and body.forwarded else None,
        "language": said.language if said else "",
        "html": bool(said and said.html_sha256),
        "attached": [MailFileAnswer.of(each) for each in parts_of(one)],
        "invitation": InvitationAnswer.of(said.invitation) if said and said.invitation else None,
        "authenticity": AuthenticityAnswer.of(said.authenticity if said else Authenticity()),
        "failed": [
            FailedAddressAnswer(email=each.email, action=each.action, status=each.status, diagnostic=each.diagnostic)
            for each in failed
        ],
        "faults": list(said.faults) if said else [],
    }
